"""Hedgerow's arithmetic, book of truth and engine. No network, no terminal, no clock."""
