"""``python -m feeds.sim``: the simulated exchange alone."""

from __future__ import annotations

import sys

from feeds.sim.command import main

sys.exit(main())
