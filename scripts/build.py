"""Check every page and build the whole site: `python scripts/build.py [--strict]`."""

import sys

from handout.cli import main

if __name__ == "__main__":
    main(["build", *sys.argv[1:]])
