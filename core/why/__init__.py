"""Why this number: every figure of the snapshot with its formula, inputs, steps and sources.

One module for each subject enters its figures into the register of :mod:`core.why.place`;
:class:`core.why.explainer.Explainer` answers for a path. Nothing here computes a figure anew by other means: inputs are
figures of the same snapshot, formulas those that the arithmetic functions carry, steps what those functions record.
"""
