"""Binance: USDⓈ-M and COIN-M futures with their accounts, spot prices and balances."""
