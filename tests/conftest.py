"""What holds for every test: properties are tried without a clock, and a run writes or checks what venues can do."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.capability_table"]

# The machine that runs the tests may be busy: how long an example takes, or the making of one, proves nothing.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
