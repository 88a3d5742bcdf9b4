"""OKX, read for prices only."""
