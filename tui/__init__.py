"""The terminal: the app, its panels, and the command line that wires the layers together."""

import os

# Textual reads this once, when it is imported. At its default of 60 frames a second, a key pressed just after a live
# update waits for the frame timer; a higher cap costs nothing, since the data itself changes only a few times a second.
os.environ.setdefault("TEXTUAL_FPS", "240")
