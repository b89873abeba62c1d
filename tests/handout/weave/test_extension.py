"""Tokens in Markdown: they come out as they went in, wherever a cell may stand."""

from __future__ import annotations

import re

import markdown
import pytest
from markdown.extensions import Extension
from markdown.inlinepatterns import SimpleTagInlineProcessor

from handout.weave.extension import HandoutExtension
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
