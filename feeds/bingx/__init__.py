"""BingX: USDT-margined and coin-margined perpetuals, and spot."""
