"""The command that explains a message."""

from __future__ import annotations

import textwrap

import click

from handout.page.codes import CODES


@click.command()
@click.argument("code", type=click.Choice(list(CODES), case_sensitive=False), metavar="CODE")
def explain(code: str) -> None:
    """Explain a message by its code, such as H401."""
    kind = CODES[code]
    click.echo(f"{code}: {kind.title}\n\n{_wrapped(kind.meaning)}\n\n{_wrapped(kind.remedy)}")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 88, break_long_words=False, break_on_hyphens=False)
