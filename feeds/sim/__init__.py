"""The simulated exchange: several venues on real HTTP and websocket ports, one seed, one market.

Each speaks its own wire format from its own folder (see :mod:`feeds.sim.venue`). None shares wire code with the
adapters in ``feeds.<venue>``, so that a misreading of a venue's format cannot hide by being made on both sides.
"""
