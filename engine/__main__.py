"""`python -P -m engine`: the engine alone."""

import sys

from engine.serve import main

sys.exit(main(sys.argv[1:]))
