"""Digests of what an outcome depends on: two that are alike mean that nothing has changed."""

from __future__ import annotations

import hashlib
import os


def digest(data: bytes) -> str:
    """A short digest of what is to be told apart."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


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
