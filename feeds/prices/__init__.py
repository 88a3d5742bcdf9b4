"""Prices of contracts that no feed speaks of: from a file that grows, from an address that is polled, or typed in.

Each source is a keeper that tells its state as a connection does and its prices as tickers, so that ages, faults and
alerts are those of any other feed.
"""
