"""Binance USDⓈ-M futures and spot: public data."""
