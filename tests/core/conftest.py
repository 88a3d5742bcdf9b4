"""Hypothesis without deadlines: the machine that runs the tests may be busy, and no unit test asserts a timing."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
