"""What holds for every test: properties are tried without a clock, and a run writes or checks what venues can do."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from hypothesis import HealthCheck, settings

import core
import feeds
import tui

pytest_plugins = ["tests.capability_table"]

# The machine that runs the tests may be busy: how long an example takes, or the making of one, proves nothing.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Let a seed mean the same examples in every run: hypothesis also tries constants of the modules that happen to be
    imported, which would depend on what else the same worker has tested before."""
    if config.getoption("--hypothesis-seed") is None:
        return
    for package in (core, feeds, tui):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
