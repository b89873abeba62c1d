"""What tests of several parts share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

# One key of cache entries for all tests: that in the home folder is another one in tests to which
# pytest gives a home of their own, and the server of pages may have been started with the other.
os.environ["HANDOUT_CACHE_KEY"] = "of the tests"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers; a process can have but one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver
