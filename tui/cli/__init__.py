"""The command line: the only place that imports both ``feeds`` and ``tui``."""
