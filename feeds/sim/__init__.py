"""The simulated exchange: Bybit v5 and Binance USDⓈ-M on real HTTP and websocket ports, one seed, one market.

It shares no wire code with the adapters in ``feeds.bybit`` and ``feeds.binance``, so that a misreading of a venue's
format cannot hide by being made on both sides.
"""
