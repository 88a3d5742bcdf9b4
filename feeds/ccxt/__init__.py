"""Any exchange that ccxt knows, read for prices and, with a read-only key, for what an account holds.

ccxt is an optional extra (``pip install 'hedgerow[ccxt]'``): nothing here imports it before it is needed.
"""
