"""MEXC contracts (USDT-, USDC- and coin-margined) and spot."""
