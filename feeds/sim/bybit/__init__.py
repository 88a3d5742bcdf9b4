"""Bybit v5 as the simulated exchange speaks it: linear and inverse perpetuals, spot, one unified account."""
