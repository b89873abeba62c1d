"""Check every page and build the whole site: `python scripts/build.py [--strict]`."""

from handout.cli import build

if __name__ == "__main__":
    build()
