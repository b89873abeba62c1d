"""What tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Playwright


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers; a process can have but one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver
