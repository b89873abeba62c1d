"""Parameters in files: NumPy's `.npz`, without pickle, so that a file can hold numbers only."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from edf.graph import Array, GraphError, Node, Param

Params = Node | Iterable[Param] | Mapping[str, Param]


class StorageError(ValueError):
    """A file that does not hold the wanted parameters; the message says what differs."""


def save(path: str | Path, params: Params) -> Path:
    """Write parameters to an `.npz` file and return its path.

    Args:
        path: Where to; `.npz` is added if it is missing. The file is replaced as a whole.
        params: A loss, a list of parameters, or a mapping from names to parameters. Without a
            mapping, each goes by its `name`, or as `param0`, `param1`, ... by its place.
    """
    named = _named(params)
    path = Path(path)
    path = path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
    partial = path.with_name(path.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            for name, param in named.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    npy.write_array(file, np.asarray(param.value), allow_pickle=False)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def load(path: str | Path, params: Params) -> None:
    """Set parameters to the values that `save` wrote. Either all are set, or none.

    Args:
        path: The file.
        params: As they were given to `save`.

    Raises:
        StorageError: The file cannot be read, or holds other names or shapes.
    """
    named = _named(params)
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            found = {name.removesuffix(".npy"): _read(archive, name) for name in archive.namelist()}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
        raise StorageError(f"{path} cannot be read as saved parameters: {problem}") from None
    if missing := sorted(named.keys() - found.keys()):
        raise StorageError(f"{path} lacks {', '.join(missing)}; it holds {', '.join(found)}")
    if surplus := sorted(found.keys() - named.keys()):
        raise StorageError(f"{path} also holds {', '.join(surplus)}, which nothing was given for")
    for name, param in named.items():
        if found[name].shape != np.shape(param.value):
            raise StorageError(
                f"{path} holds {name} of shape {found[name].shape}; "
                f"the parameter has shape {np.shape(param.value)}"
            )
    for name, param in named.items():
        param.value = found[name].astype(param.value.dtype)


def _read(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(name) as file:
        return npy.read_array(file, allow_pickle=False)


def _named(params: Params) -> dict[str, Param]:
    if isinstance(params, Mapping):
        return dict(params)
    given: Any = params
    if not isinstance(given, Node | Iterable):
        raise TypeError(
            f"parameters are a loss, a list or a dict of Params, not {type(given).__name__}: "
            "write loss.params"
        )
    listed = params.params if isinstance(params, Node) else list(params)
    named = {param.name or f"param{k}": param for k, param in enumerate(listed)}
    if len(named) < len(listed):
        raise GraphError("two parameters have one name: give save and load a mapping of names")
    return named
