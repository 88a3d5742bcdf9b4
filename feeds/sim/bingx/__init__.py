"""The simulated BingX."""
