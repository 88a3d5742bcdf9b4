"""One figure explained: what it is, by which formula, from which inputs, and why it is marked as it is.

Plain data, part of the snapshot. Where ``formula`` is not empty it is an expression in the names of ``inputs`` and can
be worked out again by whoever reads it; the result is the figure.
"""

from __future__ import annotations

import msgspec

from core.explain import Step
from core.figures import Figure


class Input(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a figure is made from: ``name`` as the formula says it, ``words`` as people do.

    ``path`` is that of another figure of the snapshot, which can be explained in turn; empty where the input is not one
    of them. ``source`` says where an input that ends the way comes from. ``age_ns`` is the time since it was observed,
    ``None`` where it does not age.
    """

    name: str
    words: str
    figure: Figure
    unit: str = ""
    path: str = ""
    source: str = ""
    age_ns: int | None = None


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The figure at ``path`` explained at the moment of its snapshot.

    ``sign`` says what its sign means. ``formula`` is an expression in the names of ``inputs``, empty for a figure that
    is none: then ``source`` says who stated it, or ``method`` in words how it was found. ``steps`` are what was
    computed on the way. ``includes`` and ``excludes`` say what is in the figure and what is not; ``rule`` names the
    margin rule and the maintenance tiers that it rests on, with their sources and dates. ``remarks`` say why it is
    estimated, unknown, absent or old.
    """

    path: str
    name: str
    figure: Figure
    unit: str = ""
    sign: str = ""
    formula: str = ""
    method: str = ""
    source: str = ""
    inputs: tuple[Input, ...] = ()
    steps: tuple[Step, ...] = ()
    includes: str = ""
    excludes: str = ""
    rule: str = ""
    remarks: tuple[str, ...] = ()
    age_ns: int | None = None
