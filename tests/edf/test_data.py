"""Digits from files: what is read, and what is said when a file is missing or damaged."""

import gzip
import struct
import subprocess
import sys

import numpy as np
import pytest

from edf.data import DataError, batches, digits, mnist, read_idx


def idx(array):
    """The bytes of an IDX file that holds `array`."""
    array = np.asarray(array, np.uint8)
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


@pytest.fixture
def folder(tmp_path):
    """Six training pictures and two test pictures, two of the files compressed."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 6), ("t10k", 2)):
        images = rng.integers(256, size=(count, 28, 28))
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count)))
    return tmp_path


def test_digits_are_the_known_ones_and_scikit_learn_is_not_imported():
    """1,797 pictures in 0..1; reading them imports nothing of scikit-learn."""
    data = digits()
    assert data.images.shape == (1797, 8, 8)
    assert data.images.dtype == np.float32
    assert (data.images.min(), data.images.max()) == (0, 1)
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    code = "import sys, edf.data; edf.data.digits(); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_digits_say_what_to_install(monkeypatch):
    """Without scikit-learn the remedy is named."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        digits()


def test_a_split_is_disjoint_and_complete():
    """Two parts of the right sizes, which together are everything."""
    first, second = digits().split(0.8, np.random.default_rng(0))
    assert (len(first.labels), len(second.labels)) == (1438, 359)
    together = np.sort(np.concatenate([first.images, second.images]).reshape(1797, -1).sum(axis=1))
    assert np.array_equal(together, np.sort(digits().images.reshape(1797, -1).sum(axis=1)))
    with pytest.raises(ValueError, match="between 0 and 1, but is 80"):
        digits().split(80, np.random.default_rng(0))


def test_mnist_reads_plain_and_compressed_files(folder):
    """All four files, in both forms and in the spelling with a dot."""
    (folder / "t10k-labels-idx1-ubyte").rename(folder / "t10k-labels.idx1-ubyte")
    train, test = mnist(folder)
    assert train.images.shape == (6, 28, 28)
    assert train.images.dtype == np.float32
    assert train.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert test.labels.tolist() == [0, 1]
    assert 0.99 < test.images.max() <= 1


def test_every_missing_file_is_listed(folder):
    """Both of the two that are gone, and not the two that are there."""
    (folder / "train-labels-idx1-ubyte").unlink()
    (folder / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(
        DataError, match=r"lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte \(with or without"
    ):
        mnist(folder)
    with pytest.raises(DataError, match="nowhere is not a folder"):
        mnist(folder / "nowhere")


GOOD = idx(np.arange(6))
ZIPPED = gzip.compress(GOOD, mtime=0)  # without the time, which would be part of tests' names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"<html>404", "begins with 3c 68 74 6d, not with 00 00 08"),
        (b"\0\0\x0d" + GOOD[3:], "begins with 00 00 0d 01"),
        (GOOD[:-1], "13 bytes, but its header promises 14 for the shape [(]6,[)]"),
        (GOOD + b"\0", "15 bytes, but its header promises 14"),
        (GOOD[:6], "6 bytes, but its header alone is 8"),
        (ZIPPED[:-4], "cannot be read"),
        (ZIPPED[:12] + b"\xff" * 8, "cannot be read"),
    ],
)
def test_a_damaged_file_is_named_with_its_damage(tmp_path, content, message):
    """Not IDX, of another type, too short, too long, or a broken archive."""
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(path)
    assert "train-labels-idx1-ubyte" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(5), "6 pictures, .* 5 labels"),
        ([0, 1, 2, 3, 4, 10], "the label 10; digits are 0 to 9"),
        (np.zeros((6, 1)), "2 axes, not one label a picture"),
    ],
)
def test_labels_that_do_not_belong_to_the_pictures_are_refused(folder, labels, message):
    """Another count, another range, another shape."""
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(DataError, match=message):
        mnist(folder)


def test_batches_cover_every_row_once():
    """Shuffled alike in both arrays, the last batch shorter."""
    x = np.arange(10)
    parts = list(batches(x, 10 * x, size=4, rng=np.random.default_rng(0)))
    assert [len(a) for a, _ in parts] == [4, 4, 2]
    assert all(np.array_equal(10 * a, b) for a, b in parts)
    joined = np.concatenate([a for a, _ in parts])
    assert joined.tolist() != x.tolist()
    assert sorted(joined) == x.tolist()
    assert [a.tolist() for (a,) in batches(x, size=6)] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]]


def test_batches_refuse_what_cannot_be_cut():
    """Unequal lengths and empty batches."""
    with pytest.raises(ValueError, match=r"equal length, but they have \[3, 4\]"):
        next(batches(np.zeros(3), np.zeros(4), size=2))
    with pytest.raises(ValueError, match="at least one row, not 0"):
        next(batches(np.zeros(3), size=0))
