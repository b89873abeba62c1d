"""The formula sheet: long enough, found by its titles, short on paper, and taken along."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

SHEET = Path(__file__).parents[2] / "docs" / "identities.md"


@pytest.fixture
def sheet(browser: Browser, served: str) -> Iterator[Page]:
    """The sheet in a fresh profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(served + "identities/")
    yield tab
    context.close()


def test_every_identity_has_a_title_of_its_own() -> None:
    """At least eighty; no formula without a title, and no title without a formula."""
    text = SHEET.read_text("utf-8")
    titles = re.findall(r"^### (.+)\n\n```math claim=", text, re.MULTILINE)
    assert len(titles) == len(set(titles)) == text.count("```math claim=") == text.count("\n### ")
    assert len(titles) >= 80


def test_search_finds_an_identity_by_its_title(site: Path) -> None:
    """It leads to the identity's own anchor."""
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    places = {entry["title"]: entry["location"] for entry in index["docs"]}
    assert places["Sigmoid derivative"] == "identities/#sigmoid-derivative"


def test_two_pages_of_paper_hold_it(sheet: Page) -> None:
    """A4, both sides of one sheet."""
    margin = {"top": "10mm", "bottom": "10mm", "left": "10mm", "right": "10mm"}
    printed = sheet.pdf(format="A4", margin=margin)  # type: ignore[arg-type]
    assert len(PdfReader(BytesIO(printed)).pages) == 2


@pytest.mark.parametrize("title", ["Sigmoid derivative", "Convolution by the kernel"])
def test_an_identity_can_be_copied_as_a_program(sheet: Page, title: str) -> None:
    """What is copied runs by itself, and says what the page says."""
    sheet.get_by_role("button", name=f"Copy code of {title}", exact=True).click()
    program = sheet.evaluate("navigator.clipboard.readText()")
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "verified" in run.stdout
    sheet.get_by_role("button", name=f"Copy LaTeX of {title}", exact=True).click()
    latex = sheet.evaluate("navigator.clipboard.readText()")
    assert latex in program
    assert latex in SHEET.read_text("utf-8")
