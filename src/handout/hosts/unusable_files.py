"""Files that no site can have: reached through a link in a circle, or without a name."""

from __future__ import annotations

import functools
from pathlib import Path


def is_text(name: str) -> bool:
    """Whether a file's name is text; bytes that are none are lone surrogates in it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def forget_links() -> None:
    """Look at all folders anew: it is another build."""
    _link_to_itself.cache_clear()


def looping_link(path: str | None) -> str | None:
    """The folder above `path` that is a link to a folder above itself, if there is one."""
    return None if path is None else _link_to_itself(Path(path).parent)


@functools.cache
def _link_to_itself(folder: Path) -> str | None:
    above = None if folder.parent == folder else _link_to_itself(folder.parent)
    if above is None and folder.is_symlink() and folder.parent.is_relative_to(folder.resolve()):
        return str(folder)
    return above
