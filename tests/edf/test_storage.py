"""Parameters in files: what comes back, and what is refused with everything left as it was."""

import os
import zipfile

import numpy as np
import pytest

from edf import CrossEntropy, GraphError, Input, Param, load, save
from edf.storage import StorageError


@pytest.fixture
def named():
    """Parameters of several shapes and precisions, by name."""
    rng = np.random.default_rng(0)
    return {
        "W": Param(rng.standard_normal((3, 2))),
        "b": Param(rng.standard_normal(2).astype(np.float32)),
        "scale": Param(np.array(1.5)),
    }


def spoiled(params):
    """What parameters were, after each is set to zero."""
    before = {name: param.value for name, param in params.items()}
    for param in params.values():
        param.value = np.zeros_like(param.value)
    return before


def test_what_was_saved_comes_back(tmp_path, named):
    """Every bit, in the parameter's own precision; the ending is added."""
    path = save(tmp_path / "model", named)
    assert path == tmp_path / "model.npz"
    before = spoiled(named)
    load(path, named)
    for name, param in named.items():
        assert param.value.dtype == before[name].dtype
        np.testing.assert_array_equal(param.value, before[name])
    assert save(tmp_path / "again.npz", named) == tmp_path / "again.npz"


def test_a_loss_stands_for_its_parameters(tmp_path):
    """In topological order, by name where they have one."""
    x, y = Input(np.ones((2, 3))), Input(np.array([0, 1]))
    W, b = Param(np.ones((3, 2))), Param(np.arange(2.0))
    b.name = "bias"
    loss = CrossEntropy(x @ W + b, y)
    path = save(tmp_path / "model", loss)
    with np.load(path) as file:
        assert sorted(file.files) == ["bias", "param0"]
    W.value, b.value = W.value * 0, b.value * 0
    load(path, [W, b])
    assert W.value.tolist() == [[1, 1]] * 3
    assert b.value.tolist() == [0, 1]


def test_a_file_holds_numbers_only(tmp_path, named):
    """Plain arrays of NumPy, nothing that is executed when it is read."""
    path = save(tmp_path / "model", named)
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["W.npy", "b.npy", "scale.npy"]
    np.savez(tmp_path / "evil.npz", W=np.array([{"a": 1}], dtype=object))
    with pytest.raises(StorageError, match=r"evil\.npz cannot be read .*allow_pickle=False"):
        load(tmp_path / "evil.npz", {"W": named["W"]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("b"), r"lacks b; it holds W, scale"),
        (lambda arrays: arrays.update(extra=np.ones(1)), r"also holds extra, which nothing"),
        (
            lambda arrays: arrays.update(b=np.ones(3)),
            r"holds b of shape \(3,\); the parameter has shape \(2,\)",
        ),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_loaded(tmp_path, named, change, message):
    """Either all parameters are set, or none."""
    arrays = {name: param.value for name, param in named.items()}
    change(arrays)
    np.savez(tmp_path / "other.npz", **arrays)
    spoiled(named)
    with pytest.raises(StorageError, match=message):
        load(tmp_path / "other.npz", named)
    assert not any(np.any(param.value) for param in named.values())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"no archive at all"])
def test_a_damaged_file_is_named(tmp_path, named, content):
    """Empty, cut short, something else."""
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"model\.npz cannot be read as saved parameters"):
        load(path, named)


def test_a_missing_file_is_named(tmp_path, named):
    """By its path."""
    with pytest.raises(StorageError, match=r"nowhere\.npz cannot be read"):
        load(tmp_path / "nowhere.npz", named)


def test_a_file_that_is_cut_in_an_array_is_named(tmp_path, named):
    """Every prefix of a good file is refused, and nothing is loaded."""
    path = save(tmp_path / "model", named)
    content = path.read_bytes()
    spoiled(named)
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(StorageError):
            load(path, named)
    assert not any(np.any(param.value) for param in named.values())


def test_a_crash_while_saving_leaves_the_old_file(tmp_path, named, monkeypatch):
    """The new one takes its place when it is complete."""
    path = save(tmp_path / "model", named)
    before = path.read_bytes()

    def full(*args, **options):
        raise OSError("No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="No space"):
        save(path, named)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_two_parameters_of_one_name_are_refused(tmp_path):
    """One of them would be lost."""
    a, b = Param(1.0), Param(2.0)
    a.name = b.name = "w"
    with pytest.raises(GraphError, match="two parameters have one name"):
        save(tmp_path / "model", [a, b])
    save(tmp_path / "model", {"a": a, "b": b})


def test_any_name_may_be_that_of_a_parameter(tmp_path):
    """Those of arguments of NumPy's functions, with a slash, with an ending; NumPy reads them."""
    names = ["file", "allow_pickle", "layer 1/W", "b.npy", "α"]
    params = {name: Param(float(k)) for k, name in enumerate(names)}
    path = save(tmp_path / "model", params)
    with np.load(path) as file:
        assert [float(file[name]) for name in ("file", "allow_pickle", "layer 1/W", "α")] == [
            0, 1, 2, 4,
        ]  # fmt: skip
    spoiled(params)
    load(path, params)
    assert [param.value for param in params.values()] == [0, 1, 2, 3, 4]


def test_what_numpy_has_written_can_be_loaded(tmp_path, named):
    """Compressed or not."""
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "numpy.npz", **{name: param.value for name, param in named.items()})
        before = spoiled(named)
        load(tmp_path / "numpy.npz", named)
        assert all(np.array_equal(named[name].value, before[name]) for name in named)
