"""The Markdown extension: tokens come out as they went in, and no untested cell comes out."""

from __future__ import annotations

import re
from pathlib import Path

import markdown
import pytest
from markdown.extensions import Extension
from markdown.inlinepatterns import SimpleTagInlineProcessor

from handout.settings import SettingsError
from handout.weave.extension import HandoutExtension, UntestedError, _claims
from handout.weave.inject import TOKEN

EXTENSIONS = ["admonition", "tables", "attr_list", "smarty"]
EXTENSIONS += ["pymdownx.superfences", "pymdownx.details"]
ONE = "handout-0123456789abcdef-7."
PLACES = {
    "alone": ONE,
    "after a paragraph": f"Words\n\n{ONE}\n\nmore *words*",
    "tight list": f"* one\n* two\n\n    {ONE}\n\n* three",
    "loose list": f"1. one\n\n    {ONE}\n\n    {ONE}\n\n2. two",
    "nested list": f"* one\n\n    * deep\n\n        {ONE}\n\n* two",
    "quote": f"> said\n>\n> {ONE}\n>\n> more",
    "admonition": f"!!! note\n\n    {ONE}\n\n    words",
    "details": f'??? note "Title"\n    Words\n\n    {ONE}',
    "after a fence": f"```python\n1 + 1\n```\n\n{ONE}\n",
}
AMONG_WORDS = {
    "in a sentence": f"See {ONE} there",
    "two in a row": f"{ONE}\n{ONE}",
    "before a line": f"{ONE}\nwords *here*",
}


class Greedy(Extension):
    """Makes dashes bold, so that it shows whether a text was searched."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:
        md.inlinePatterns.register(SimpleTagInlineProcessor(r"()(-)", "b"), "greedy", 1)


@pytest.mark.parametrize("text", [*PLACES.values(), *AMONG_WORDS.values()])
def test_a_page_is_the_same_with_and_without(text: str) -> None:
    """The extension saves time and changes nothing."""
    plain = markdown.markdown(text, extensions=EXTENSIONS)
    assert markdown.markdown(text, extensions=[*EXTENSIONS, HandoutExtension()]) == plain


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_a_whole_token_is_not_searched(text: str) -> None:
    """A pattern that would change it does not see it."""
    html = markdown.markdown(text, extensions=[*EXTENSIONS, Greedy(), HandoutExtension()])
    assert len(re.findall(rf"<p>{TOKEN}</p>", html)) == text.count(ONE)


def test_words_that_look_like_a_token_are_searched() -> None:
    """An author may write of handout-0 and the like."""
    for text in ("handout-1.", "handout-0123456789abcdef-7", f"{ONE}*x*"):
        html = markdown.markdown(text, extensions=[Greedy(), HandoutExtension()])
        assert "<b>" in html


UNTESTED = {
    "cell": '```python exec="on" id="a"\n1 / 0\n```',
    "claim": "<!-- claim: a -->\n$$\n1 = 2\n$$",
    "fence": '```math claim="a"\n1 = 2\n```',
    "declaration": "<!-- let: x \\in \\mathbb{R} -->",
    "exercise": '```math exercise="a"\n1 + 1 = ?\n```',
    "badge": "It is [[verdict:a]].",
    "table": "[[verdicts]]",
    "within a list": '1. one\n\n    ```python exec="on"\n    1\n    ```',
}


@pytest.mark.parametrize("text", UNTESTED.values(), ids=UNTESTED)
def test_a_host_without_the_plugin_builds_no_page_with_claims(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By its name in `markdown_extensions`. In woven pages badges are filled in later, and a cell
    came from an include.
    """
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UntestedError, match="Build with `handout build`"):
        markdown.markdown(text, extensions=["handout", "pymdownx.superfences"])
    ours = HandoutExtension(woven=str(tmp_path))
    if "[[" in text:
        markdown.markdown(text, extensions=[ours, "pymdownx.superfences"])
    else:
        with pytest.raises(UntestedError, match="where nothing can run it"):
            markdown.markdown(text, extensions=[ours, "pymdownx.superfences"])


@pytest.mark.parametrize(
    "text",
    [
        "# A page\n\nwith `[[verdict:a]]` in code\n\n$$\n1 = 2\n$$",
        '~~~~markdown\n```python exec="on"\n```\n~~~~',
        '```python exec="true"\nprint()\n```',
        '```python\nprint("claim")\n```',
        ONE,
    ],
)
def test_other_pages_are_nobodys_business(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is only shown, or belongs to another plugin, or was woven."""
    monkeypatch.chdir(tmp_path)
    markdown.markdown(text, extensions=["handout", "pymdownx.superfences"])


def test_a_site_may_claim_as_a_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Then every formula that states something is a claim, as its configuration says."""
    (tmp_path / "mkdocs.yml").write_text("plugins: [handout: {claims: all}]\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    _claims.cache_clear()
    try:
        with pytest.raises(UntestedError):
            markdown.markdown("$$\n1 = 2\n$$", extensions=["handout"])
    finally:
        _claims.cache_clear()


def test_an_option_of_the_plugin_says_where_it_belongs() -> None:
    """Both are called handout, and stand in two lists of one file."""
    with pytest.raises(SettingsError, match=r"claims: written below `markdown_extensions`"):
        markdown.Markdown(extensions=[HandoutExtension(claims="all")])


def test_a_plugin_is_shown_what_is_rendered() -> None:
    """It has taken out what it knew, and says what to do about the rest."""
    seen: list[str] = []
    extension = HandoutExtension(rendering=seen.append)
    markdown.markdown(UNTESTED["claim"], extensions=[extension])
    assert seen == [f"{UNTESTED['claim']}\n\n"]
