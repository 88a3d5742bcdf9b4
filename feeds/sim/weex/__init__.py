"""The simulated WEEX: its rules and its wire format, version V3."""
