"""``python -m spikegram``: the same as the ``spikegram`` command."""

import sys

from spikegram.cli import main

if __name__ == "__main__":
    sys.exit(main())
