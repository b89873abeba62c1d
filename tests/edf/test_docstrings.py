"""Every operation shows how it is used, and the examples of all docstrings give what they say.

Their formulas are claims of the reference pages, and are tested there.
"""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from tests.edf.test_operations import operations

import edf

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "src/edf/calculus.py", ROOT / "src/edf/spelling.py"]
FILES += sorted((ROOT / "src/edf/operations").glob("[a-z]*.py"))
MODULES = [".".join(file.relative_to(ROOT / "src").with_suffix("").parts) for file in FILES]
#: What no formula can say here: which entry is the largest, whether two are equal (of numbers of a
#: continuum none are), and what is dropped at random, which is another thing at each evaluation.
IN_WORDS = {"Accuracy", "ArgMax", "Dropout", "Equal", "NotEqual"}


@pytest.mark.parametrize("module", MODULES)
def test_examples_print_what_they_say(module: str) -> None:
    """Run as a reader would, after the two imports that the reference names."""
    names = {**vars(edf), "np": np}
    with np.errstate(all="raise"):
        found = doctest.testmod(importlib.import_module(module), extraglobs=names)
    assert found.failed == 0
    assert found.attempted > 2


@pytest.mark.parametrize("operation", sorted(operations(), key=lambda op: op.__name__))
def test_every_operation_has_an_example_and_a_formula(operation: type[edf.Node]) -> None:
    """The example makes the operation, and the formula is set apart, so that it is tested."""
    text = operation.__doc__ or ""
    example = text[text.index("    >>> ") :]
    assert re.search(rf"\b{operation.__name__}\(|[-+*/@]|abs\(|\w\[", example)
    assert ("$$" in text) == (operation.__name__ not in IN_WORDS)


def test_links_to_the_formula_sheet_lead_somewhere() -> None:
    """A docstring names an identity, and the page that shows it knows the address."""
    pages = [page.read_text("utf-8") for page in (ROOT / "docs/reference/edf").glob("*.md")]
    known = set(re.findall(r"^\[([\w-]+)\]: \.\./\.\./identities\.md#\1$", "\n".join(pages), re.M))
    sources = [file.read_text("utf-8") for file in FILES]
    named = set(re.findall(r"formula sheet: \[[^]]+\]\[([\w-]+)\]", "\n".join(sources)))
    assert known == named
    assert len(known) > 15
