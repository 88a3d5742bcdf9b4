"""The terminal: the app, its panels, and the command line that wires the layers together."""
