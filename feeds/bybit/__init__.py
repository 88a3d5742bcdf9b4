"""Bybit v5: linear, inverse and spot public data."""
