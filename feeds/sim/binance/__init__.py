"""Binance as the simulated exchange speaks it: USDⓈ-M futures with the routes of 2026, and spot prices."""
