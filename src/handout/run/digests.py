"""Digests of what an outcome depends on: two that are alike mean that nothing has changed."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Iterable


def digest(data: bytes) -> str:
    """A short digest of what is to be told apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def in_json(text: str) -> str:
    """How a text stands within a string of JSON, where it is looked for."""
    return json.dumps(text)[1:-1]


def of_file(path: str) -> str | None:
    """The digest of a file's content; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    except OSError:
        return None


def of_files(patterns: Iterable[str], root: str) -> str:
    """The digest of all files that match one of some patterns, names and contents."""
    found = hashlib.blake2b(digest_size=16)
    for pattern in patterns:
        for name in sorted(glob.glob(pattern, root_dir=root, recursive=True, include_hidden=True)):
            path = os.path.join(root, name)
            if os.path.isfile(path):
                found.update(os.fsencode(name) + b"\0" + str(of_file(path)).encode() + b"\0")
    return found.hexdigest()


def names_in(folder: str) -> str | None:
    """The names in a folder as a digest, without those that Python and editors leave."""
    try:
        names = sorted(name for name in os.listdir(folder) if not _passing(name))
    except OSError:
        return None
    data = "\0".join(names).encode("utf-8", "surrogateescape")
    return digest(data)


def _passing(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith(("~", ".tmp"))
