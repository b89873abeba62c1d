"""Products and sums by BLAS: those of NumPy, for whatever array there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edf.blas import MOST_COLUMNS, MOST_ROWS, matmul, sum_of_columns, sum_of_rows

DTYPES = (np.float16, np.float32, np.float64, np.longdouble, np.complex128, np.int32)
lengths = st.integers(0, 5)


def numbers(shape, dtype=float, seed=0):
    """Small whole numbers, whose sums and products are exact in any dtype and order."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


@given(lengths, lengths, lengths, st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_a_product_is_that_of_numpy(m, k, n, one, other):
    """Values and dtype, in any layout."""
    a, b = numbers((m, k), one), numbers((n, k), other, seed=1).T
    expected = a @ b
    assert matmul(a, b).dtype == expected.dtype
    np.testing.assert_array_equal(matmul(a, b), expected)


def test_a_batch_of_products_is_that_of_numpy():
    """And so is a matrix times a batch, which `dot` would put in another order of axes."""
    batch, matrix = numbers((2, 3, 4)), numbers((4, 4), seed=1)
    np.testing.assert_array_equal(matmul(batch, matrix), batch @ matrix)
    np.testing.assert_array_equal(matmul(numbers((5, 3)), batch), numbers((5, 3)) @ batch)


@given(lengths, lengths, st.sampled_from(DTYPES))
def test_sums_are_those_of_numpy(m, n, dtype):
    """Values and dtype, of rows and columns, in any layout."""
    for x in (numbers((m, n), dtype), numbers((n, m), dtype).T, numbers((m, n, 2), dtype)):
        for ours, axis in ((sum_of_rows, 0), (sum_of_columns, -1)):
            expected = np.add.reduce(x, axis=axis)
            assert ours(x).dtype == expected.dtype
            np.testing.assert_array_equal(ours(x), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_long_sums_are_as_exact_as_those_of_numpy(dtype):
    """Or right to half a unit in the last place, on both sides of the lengths for BLAS."""
    rng = np.random.default_rng(0)
    for length in (MOST_COLUMNS, MOST_COLUMNS + 1, MOST_ROWS, MOST_ROWS + 1, 20_000):
        x = rng.random((length, 200), dtype)
        for ours, array, axis in ((sum_of_rows, x, 0), (sum_of_columns, x.T.copy(), -1)):
            exact = array.astype(np.longdouble).sum(axis=axis)
            error, usual = (np.std(s - exact) for s in (ours(array), array.sum(axis=axis)))
            assert error <= max(usual, np.finfo(dtype).eps / 2 * exact.mean())
            if length > MOST_ROWS:
                assert error == usual, "NumPy's own"


def test_infinity_and_nan_are_summed_without_a_warning():
    """Entries of other columns and rows are left alone."""
    x = np.array([[1.0, np.inf, np.nan], [2.0, 3.0, 4.0]])
    assert sum_of_rows(x)[:2].tolist() == [3, np.inf]
    assert np.isnan(sum_of_rows(x)[2])
    assert sum_of_columns(x)[1] == 9
