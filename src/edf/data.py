"""Handwritten digits, and batches of them; nothing is ever downloaded.

`digits()` reads the 1,797 digits of 8 x 8 pixels that ship inside the scikit-learn package (from
the UCI repository), `mnist(folder)` the four standard files of MNIST from a folder of the reader's.
"""

from __future__ import annotations

import gzip
import importlib.util
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edf.graph import Array


class DataError(ValueError):
    """Data that is missing or damaged; the message names the file and what is wrong with it."""


class Images(NamedTuple):
    """Pictures and what they show."""

    images: Array
    """Grey values in 0..1, float32, of shape (count, height, width)."""
    labels: Array
    """The digit on each, int64, of shape (count,)."""

    def split(self, fraction: float, rng: np.random.Generator) -> tuple[Images, Images]:
        """Return two disjoint random parts, the first with `fraction` of the pictures."""
        if not 0 < fraction < 1:
            raise ValueError(f"fraction lies between 0 and 1, but is {fraction}")
        order = rng.permutation(len(self.labels))
        first, second = np.split(order, [round(fraction * len(order))])
        return self.take(first), self.take(second)

    def take(self, indices: Array) -> Images:
        """Return the pictures with these indices."""
        return Images(self.images[indices], self.labels[indices])


def digits() -> Images:
    """Return the 1,797 handwritten digits, 8 x 8 pixels, that scikit-learn's package contains.

    Only its data file is read; scikit-learn itself is not imported.

    Raises:
        DataError: The package is not installed, or its file is missing or damaged.
    """
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise DataError("digits() reads a file of scikit-learn: pip install scikit-learn")
    path = Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise DataError(f"{path} is missing: reinstall scikit-learn")
    try:
        table = np.loadtxt(path, delimiter=",", dtype=np.uint8, ndmin=2)
    except (OSError, EOFError, ValueError, zlib.error) as problem:
        raise DataError(f"{path} is damaged: {problem}") from None
    if table.shape[1] != 65:
        raise DataError(f"{path} is damaged: {table.shape[1]} columns instead of 65")
    images = table[:, :64].reshape(-1, 8, 8).astype(np.float32) / 16
    return Images(images, table[:, 64].astype(np.int64))


def mnist(folder: str | Path) -> tuple[Images, Images]:
    """Return the training and the test digits of MNIST, 28 x 28 pixels, read from `folder`.

    The folder holds the four standard files, as they are or compressed (`.gz`):
    `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    `t10k-labels-idx1-ubyte`. The spelling with a dot, `train-images.idx3-ubyte`, is known too.

    Raises:
        DataError: A file is missing (all that are missing are listed), damaged, or does not fit
            its partner.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: name the one that holds the files of MNIST")
    names = [f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images", "labels")]
    paths = {name: _find(folder, name) for name in names}
    missing = [_standard(name) for name, path in paths.items() if path is None]
    if missing:
        raise DataError(
            f"{folder} lacks {', '.join(missing)} (with or without .gz); "
            "MNIST is these four files: " + ", ".join(map(_standard, names))
        )
    found = {name: path for name, path in paths.items() if path is not None}
    train, test = (
        _pictures(found[f"{part}-images"], found[f"{part}-labels"]) for part in ("train", "t10k")
    )
    return train, test


def read_idx(path: str | Path) -> Array:
    """Return the array in a file of the IDX format (unsigned bytes), plain or compressed with gzip.

    The format: two zero bytes, the type (8 for unsigned bytes), the number of axes, then each
    length as a big-endian 32-bit integer, then the entries, last axis fastest.

    Raises:
        DataError: The file is damaged; the message says how.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as problem:
        raise DataError(f"{path} cannot be read: {problem}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != 8:
        begins = content[:4].hex(" ") or "nothing"
        raise DataError(
            f"{path} is not an IDX file of bytes: it begins with {begins}, not with 00 00 08"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(
            f"{path} is damaged: {len(content)} bytes, but its header alone is {header}"
        )
    shape = tuple(int(n) for n in np.frombuffer(content[4:header], dtype=">u4"))
    wanted = header + math.prod(shape)
    if len(content) != wanted:
        raise DataError(
            f"{path} is damaged: {len(content)} bytes, but its header promises {wanted} "
            f"for the shape {shape}"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def batches(
    *arrays: Array, size: int, rng: np.random.Generator | None = None
) -> Iterator[tuple[Array, ...]]:
    """Yield the arrays in batches of `size` along their first axis, the same rows of each.

    Args:
        arrays: Of equal length, as images and labels.
        size: The rows in a batch; the last batch has what is left.
        rng: Shuffles the rows; without it they come in order.
    """
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) != 1:
        raise ValueError(f"batches wants arrays of equal length, but they have {lengths}")
    if size < 1:
        raise ValueError(f"a batch has at least one row, not {size}")
    order = np.arange(lengths[0]) if rng is None else rng.permutation(lengths[0])
    for start in range(0, lengths[0], size):
        rows = order[start : start + size]
        yield tuple(array[rows] for array in arrays)


def _standard(name: str) -> str:
    return f"{name}-idx{3 if name.endswith('images') else 1}-ubyte"


def _find(folder: Path, name: str) -> Path | None:
    """Return the file that holds `name` (as `train-images`), in whichever spelling it is there."""
    standard = _standard(name)
    spellings = (standard, standard.replace("-idx", ".idx"))
    candidates = (folder / (s + ending) for s in spellings for ending in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _pictures(images_path: Path, labels_path: Path) -> Images:
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3:
        raise DataError(f"{images_path} holds {images.ndim} axes, not count, height and width")
    if labels.ndim != 1:
        raise DataError(f"{labels_path} holds {labels.ndim} axes, not one label a picture")
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} holds {len(images)} pictures, {labels_path} {len(labels)} labels"
        )
    if labels.size and labels.max() > 9:
        raise DataError(f"{labels_path} holds the label {labels.max()}; digits are 0 to 9")
    return Images(images.astype(np.float32) / 255, labels.astype(np.int64))
