"""The names of the package: each is there, loaded when it is asked for, and is what it says."""

import pkgutil
import subprocess
import sys

import pytest

import edf


def test_every_public_name_is_there():
    """Those that are loaded later, too."""
    for name in edf.__all__:
        assert getattr(edf, name) is not None
    assert sorted(edf.__all__) == sorted(set(edf.__all__))


def test_no_public_name_is_that_of_a_module():
    """Once the module is loaded, the package's attribute would be the module, not the function."""
    modules = {module.name for module in pkgutil.iter_modules(edf.__path__)}
    assert not modules & set(edf.__all__)


def test_names_are_functions_however_they_are_imported():
    """In a fresh process, in the form that programs use."""
    program = (
        "from edf import check_equation, check_gradients, draw, evaluating, fit, hessian, hvp, "
        "jacobian, load, save; import edf; print(callable(draw) and callable(edf.draw))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "True\n"


def test_an_unknown_name_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match=r"module 'edf' has no attribute 'Sigmoyd'"):
        edf.Sigmoyd  # noqa: B018
