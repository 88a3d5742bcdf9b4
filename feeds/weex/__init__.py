"""WEEX V3: linear contracts, and prices and balances of spot."""
