"""Bybit v5 as the simulated exchange speaks it: linear and inverse perpetuals and dated futures, spot, one unified
account."""
