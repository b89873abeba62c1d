"""The command `handout`, also as `python -m handout`."""

import errno
import os
import sys
from typing import NoReturn

from handout.distribution import complete

INTERRUPTED = 130  # 128 + SIGINT, as shells say; 1 would say that a verdict is not as expected
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def main() -> None:
    """Run the command line; an interruption, also while it is loaded, ends in one line."""
    try:
        _main()
    except KeyboardInterrupt:
        _interrupted()


def _main() -> None:
    """Run the command line, or say what to install for it."""
    with complete():
        import click

        from handout.cli import main as command
    try:
        sys.exit(command(standalone_mode=False))
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except click.Abort:
        _interrupted()
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        # what waits to be written would fail again at the end, with another status
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        what = error.filename or "the output"
        print(f"handout: {what} cannot be written: {error.strerror} [H702]", file=sys.stderr)
        sys.exit(2)


def _interrupted() -> NoReturn:
    print("handout: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
