"""A small site that each test may change."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.handout.hosts.small_site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site of two pages."""
    return Site(tmp_path)
