"""The command `handout`, also as `python -m handout`."""

import sys


def main() -> None:
    """Run the command line, or say what to install for it."""
    try:
        from handout.cli import main as command
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] == "handout":
            raise
        sys.exit(
            f"handout: the package {missing.name} is missing. `pip install mkdocs-handout` brings "
            "all that the command needs."
        )
    command()


if __name__ == "__main__":
    main()
