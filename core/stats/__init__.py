"""Statistics of a hedged book: volatility, touch probability, beta, tracking error, value at risk, no-trade bands.

Everything here is an estimate and is computed in floating point. Nothing here is money: amounts that come out (a
value at risk, a basis risk) are estimates and must be marked as such wherever they are shown. No function reads a
clock or does input or output.
"""
