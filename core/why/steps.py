"""A recorded step as a formula with inputs: for figures whose numbers on the way are no figures of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from core.explain import Step, text
from core.explanation import Input
from core.figures import Figure, exact

IN_STEPS = "worked out in the steps"


def of_step(
    steps: Sequence[Step],
    name: str,
    figure: Figure,
    unit: str,
    words: Mapping[str, str] | None = None,
    lines: Sequence[str] = (),
) -> tuple[str, tuple[Input, ...]]:
    """The formula and the inputs of the last step of that name that gave the figure; nothing where none did.

    ``unit`` is that of the figure and of all that it is the sum of, ``words`` say what other inputs are, and ``lines``
    what each item of a sum is.
    """
    value = None if figure.value is None else text(figure.value)
    step = next((item for item in reversed(steps) if item.name == name and item.value == value), None)
    if step is None or step.kind != "formula":
        return "", ()
    formula, inputs = step.formula, []
    for key, shown in step.inputs:
        numbers = _numbers(shown)
        if numbers is None:
            return "", ()
        if not shown.startswith("["):
            said = (words or {}).get(key, key.replace("_", " "))
            inputs.append(_input(key, said, numbers[0], "" if words and key in words else unit))
            continue
        names = [f"{key.removesuffix('s')}_{number}" for number in range(1, len(numbers) + 1)]
        for at, (item, number) in enumerate(zip(names, numbers, strict=True)):
            said = lines[at] if len(lines) == len(numbers) else item.replace("_", " ")
            inputs.append(_input(item, said, number, unit))
        summed = " + ".join(names) or "0"
        alone = len(names) < 2 or formula.startswith(f"rounded(sum({key}),") or formula == f"sum({key})"
        formula = formula.replace(f"sum({key})", summed if alone else f"({summed})")
    return formula, tuple(inputs)


def _input(name: str, words: str, number: Decimal, unit: str) -> Input:
    return Input(name=name, words=words, figure=exact(number), unit=unit, source=IN_STEPS)


def _numbers(shown: str) -> list[Decimal] | None:
    """The number, or the numbers of a list; ``None`` for anything else."""
    try:
        return [Decimal(item) for item in shown.strip("[]").split(", ") if item]
    except InvalidOperation:
        return None
