"""Names of source files in tracebacks and warnings: a public page tells no folder of a machine."""

from __future__ import annotations

import os
import re

_IN_TRACEBACK = re.compile(r'(?<=File ")[^"\n]+(?=")')
_IN_WARNING = re.compile(r"^(?:/|[A-Za-z]:\\)[^\n]*?(?=:\d+: \w*Warning: )", re.MULTILINE)
_INSTALLED = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")
_STANDARD = os.path.join(os.path.dirname(os.__file__), "")


def in_traceback(text: str, root: str) -> str:
    """A traceback with files named as `public_name` does."""
    return _IN_TRACEBACK.sub(lambda found: public_name(found[0], root), text)


def in_warnings(text: str, root: str) -> str:
    """A cell's output, in which warnings name files as `public_name` does."""
    if "Warning: " not in text:
        return text
    return _IN_WARNING.sub(lambda found: public_name(found[0], root), text)


def public_name(path: str, root: str) -> str:
    """A file's name in its project, package or the standard library; its own name elsewhere."""
    if not os.path.isabs(path):
        return path
    if _INSTALLED.match(path):
        return _INSTALLED.sub("", path)
    for folder in (os.path.join(root, ""), _STANDARD):
        if path.startswith(folder):
            return path.removeprefix(folder)
    return os.path.basename(path)
