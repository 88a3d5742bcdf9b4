"""What holds for every test: none yet but the table of what venues can do, which a run writes or checks."""

from __future__ import annotations

pytest_plugins = ["tests.capability_table"]
