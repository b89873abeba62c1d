"""Parameters in files: NumPy's `.npz`, without pickle, so that a file can hold numbers only."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from edf.graph import GraphError, Node, Param

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
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **{name: p.value for name, p in named.items()})
    os.replace(partial, path)
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
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as problem:
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


def _named(params: Params) -> dict[str, Param]:
    if isinstance(params, Mapping):
        return dict(params)
    listed = params.params if isinstance(params, Node) else list(params)
    named = {param.name or f"param{k}": param for k, param in enumerate(listed)}
    if len(named) < len(listed):
        raise GraphError("two parameters have one name: give save and load a mapping of names")
    return named
