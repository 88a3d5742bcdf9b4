"""The simulated MEXC: contracts of both kinds, and the spot wallet."""
