"""Cells are found as the site shows them, with true lines, and none is skipped in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handout.page.cells import Cell, find_cells
from handout.page.fences import commonmark_lines, find_fences, read_alike, read_text


def only(text: str) -> Cell:
    (cell,) = find_cells(text, "page.md")
    return cell


CELL = '```python exec="on"\nprint(1)\n```\n'


@pytest.mark.parametrize(
    ("text", "lines", "source_line"),
    [
        (CELL, (1, 3), 2),
        (f"---\ntitle: x\n---\n\n{CELL}", (5, 7), 6),
        (f'---\nquote: |\n  ```python exec="on"\n---\n{CELL}', (5, 7), 6),
        (CELL.replace("```", "````"), (1, 3), 2),
        (CELL.replace("```", "~~~"), (1, 3), 2),
        (CELL.replace("python", "python   "), (1, 3), 2),
        ('```{.python exec="on"}\nprint(1)\n```\n', (1, 3), 2),
        (CELL.replace("\n", "\r\n"), (1, 3), 2),
        ("\ufeff" + CELL, (1, 3), 2),
        (CELL.removesuffix("\n"), (1, 3), 2),
    ],
)
def test_a_cell_has_its_true_lines(text: str, lines: tuple[int, int], source_line: int) -> None:
    """Front matter, long fences, tildes, CRLF and a byte-order mark do not shift a line."""
    cell = only(read_text(text.encode()))
    assert (cell.line_first, cell.line_last) == lines
    assert cell.source_line == source_line
    assert (cell.source, cell.problem) == ("print(1)\n", None)


def inside(opening: str, indent: str, lead: str = "") -> str:
    body = "".join(f"{indent}{line}\n" for line in CELL.splitlines())
    return f"{opening}\n{lead}\n{body}\nafter\n"


@pytest.mark.parametrize(
    "text",
    [
        inside("- item", "  "),
        inside("- item", "    "),
        inside("1. item", "    "),
        inside("- a\n\n    - b", "        "),
        inside("!!! note", "    "),
        inside('??? note "Folded"', "    "),
        inside('???+ note "Open"', "    "),
        inside('=== "Tab"', "    "),
        inside('!!! note\n\n    === "Tab"', "        "),
        inside("- item\n\n    !!! note", "        "),
        inside("> quoted", "> ", ">"),
    ],
)
def test_a_cell_in_a_container_is_dedented(text: str) -> None:
    """Lists, admonitions, folded boxes, tabs, nests of them and quotes hold cells."""
    cell = only(text)
    assert cell.problem is None
    assert cell.source == "print(1)\n"
    assert text.split("\n")[cell.line_first - 1].endswith('exec="on"')


def test_a_longer_fence_shows_a_shorter_one() -> None:
    """What stands in four backticks is shown, and the cell after it is found."""
    assert only(f"````markdown\n{CELL}````\n\n{CELL}").line_first == 7


def test_backticks_in_a_string_do_not_end_a_cell() -> None:
    """Only a line of the fence alone closes it."""
    cell = only('```python exec="on"\ns = "```"\nt = """\n  ``` x\n"""\n```\n')
    assert cell.source == 's = "```"\nt = """\n  ``` x\n"""\n'


def test_a_comment_hides_a_cell() -> None:
    """A cell in an HTML comment is not run, and one after it is."""
    assert only(f"<!--\n{CELL}-->\n\n{CELL}").line_first == 7


def test_plain_fences_are_only_shown() -> None:
    """A fence that asks for nothing is no cell, whatever its options, and whatever it shows."""
    options = 'title="x" hl_lines="1" linenums="1" .extra'
    shown = f"```python {options}\nexec = 1\n```\n\n```\nexec='on'\n```\n\nwe exec a claim\n"
    assert find_cells(shown, "p.md") == []


def test_math_without_a_claim_is_display_math() -> None:
    """It has a place on the page, and no verdict."""
    cell = only("```math\na = b\n```\n")
    assert (cell.kind, cell.judged, cell.runs) == ("math", False, False)


def test_cells_are_numbered_where_they_have_no_id() -> None:
    """The third Python cell is cell-3, whatever the others are called."""
    named = CELL.replace('"on"', '"on" id="first"')
    cells = find_cells(f"{named}\n{CELL}\n```math\na\n```\n\n{CELL}", "page.md")
    assert [cell.id for cell in cells] == ["first", "cell-2", "", "cell-3"]


@pytest.mark.parametrize(
    ("reading", "read"),
    [
        ("componentwise i", "componentwise i"),
        ("componentwise i j", "componentwise i j"),
        ("base 1", "base 1"),
        ("componentwise  i,base 0", "componentwise i, base 0"),
    ],
)
def test_readings(reading: str, read: str) -> None:
    """Index letters of bare vectors and matrices, and what components are counted from."""
    cell = only(f'```math claim="a" reading="{reading}"\nx\n```')
    assert (cell.problem, cell.options["reading"]) == (None, read)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('```python exec="on" timout="3"\n```', "unknown option 'timout'; did you mean 'timeout'?"),
        ('```python exec="yes"\n```', "option exec='yes' must be one of on"),
        ('```python exec="on" show="al"\n```', "must be one of both, code, output, folded, none"),
        ('```python exec="on" expect="fails"\n```', 'must be "ok" or "raises NameOfError"'),
        ('```python exec="on" timeout="-1"\n```', "must be a number of seconds above 0"),
        ('```python exec="on" timeout="nan"\n```', "must be a number of seconds above 0"),
        ('```python exec="on" id="a b"\n```', "must be letters (a to z), digits"),
        ('```python exec="on" exec="on"\n```', "option 'exec' is given twice"),
        ('```python exec="on" loose\n```', "options are written key=\"value\", not 'loose'"),
        ('```python EXEC="on"\n```', "unknown option 'EXEC'; did you mean 'exec'?"),
        ('```python exce="on"\n```', "unknown option 'exce'; did you mean 'exec'?"),
        ('```python execute="on"\n```', "unknown option 'execute'; did you mean"),
        ("```python exec\n```", "options are written key=\"value\", not 'exec'"),
        ('```python exec="on", id="x"\n```', "'exec' has another \" in its value: options are sep"),
        ('```python exec="on" id="a"b"\n```', "'id' has another \" in its value"),
        ('```python exec = "on"\n```', 'options are written key="value", not \'exec = '),
        ("```python exec=on\n```", "options are written key=\"value\", not 'exec=on'"),
        ('```ruby exec="on"\n```', "a ruby fence cannot be a cell; write ```python"),
        ('```bash exec="on"\n```', "a bash fence cannot be a cell"),
        ('``` exec="on"\n```', "a plain fence cannot be a cell"),
        ('```latex claim="a"\nx\n```', "a latex fence cannot be a cell; write ```math"),
        ('```math claim="a" expect="verifed"\nx\n```', "did you mean 'verified'?"),
        ('```math claim="a" expect=""\nx\n```', "must be one or more of"),
        ('```math claim="a" points="many"\nx\n```', "must be a whole number"),
        ('```math claim="a" reading="as is"\nx\n```', 'must be "componentwise" and an index'),
        ('```math claim="a" reading="base 2"\nx\n```', '"base 0" or "base 1"'),
        ('```math expect="refuted"\nx\n```', 'options need a claim="name"'),
        ('```python exec="on"\n1\n', "the fence is not closed"),
        (
            '<div markdown>\n```python exec="on"\n1\n```\n</div>\n',
            "as indented code or HTML: leave a blank line before it",
        ),
        (
            '    ```python exec="on"\n    1\n    ```',
            "CommonMark reads this fence as something else",
        ),
    ],
)
def test_a_cell_that_cannot_be_used_says_why(text: str, message: str) -> None:
    """It stays among the cells, with the remedy, and is not run."""
    cell = only(text)
    assert message in (cell.problem or "")
    assert (cell.runs, cell.judged) == (False, True)


def test_an_id_is_unique_on_its_page() -> None:
    """The second owner of an id is refused, and told the line of the first."""
    text = '```math claim="a"\nx\n```\n\n```python exec="on" id="a"\n```\n'
    first, second = find_cells(text, "page.md")
    assert first.problem is None
    assert second.problem == "the id 'a' is taken by line 1; ids are unique on a page"


def test_an_unclosed_fence_hides_nothing_that_follows() -> None:
    """In a list, the fence ends with its item; the next cell is found."""
    cells = find_cells(f'- item\n\n    ```python exec="on"\n    1\n\ntext\n\n{CELL}', "page.md")
    assert [cell.problem is None for cell in cells] == [False, True]


def test_a_cell_is_named_by_page_and_lines() -> None:
    """The name is the same in messages, test ids and HTML."""
    assert str(only(f"\n{CELL}")) == "page.md:2-4"


def test_many_fences_are_found_in_linear_time() -> None:
    """A page of 10 MB with thousands of fences is read whole."""
    text = (CELL + "text " * 200 + "\n\n") * 10_000
    assert len(find_fences(text)) == 10_000


def test_a_line_of_a_megabyte_is_read() -> None:
    """Long lines cost no more than their length."""
    line = "`" * 3 + "python exec=" + "x" * (1 << 20)
    assert len(find_fences("a" * (1 << 20) + "\n" + line + "\n")) == 1


LINES = (
    '```python exec="on"', '```math claim="a"', "```", "````", "~~~", "~~~ ```", "``` b ` c", "",
    "- item", "- ```", "1. one", "> quote", "    code", "    ```", "\tx", "!!! note", '=== "Tab"',
    "<div>", "</div>", "<!-- c -->", " <!-- c -->", "<!-- c", "c -->", "<!-- c --> d", "<!---->",
    "<!-- c -- d -->", "<!-->", "a ``` b", "---", "a: b", "| a |", "|---|", "[a]: /url 't",
    "# H", "===", "\\", "&lt;", "\x0b", "\u00a0```",
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=9).map("\n".join))
def test_a_page_that_must_be_read_alike_is(text: str) -> None:
    """Where CommonMark is not asked, it would have found the same fences."""
    fences = find_fences(text)
    if read_alike(text, fences):
        assert [(f.line_first, f.info) for f in fences] == list(commonmark_lines(text))


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        (CELL, True),
        (f"# Title\n\nText with `code`.\n\n{CELL}\n- item\n\n{CELL}", True),
        (inside("- item", "    "), False),
        (f"<div>\n{CELL}</div>\n", False),
        (f"<!-- claim: a -->\n$$\n1 = 1\n$$\n\n{CELL}", True),
        (f"<!-- a\n-->\n{CELL}", False),
        (f"<!-- a --> b\n{CELL}", False),
        (CELL.removesuffix("```\n"), False),
    ],
)
def test_only_fences_at_the_margin_need_no_second_reader(text: str, alike: bool) -> None:
    """In lists, boxes and HTML, and where a fence is not closed, CommonMark is asked."""
    assert read_alike(text, find_fences(text)) == alike
