"""The mathematics font holds what the site's formulas use, and little else."""

from __future__ import annotations

from pathlib import Path

from fontTools.ttLib import TTFont

from handout.math.fonts import Cutter, characters, preloaded, write_subset
from handout.math.mathml import to_mathml


def written(used: str, folder: Path) -> Path:
    """A font that is written into a folder."""
    write_subset(used, folder / "font.woff2")
    return folder / "font.woff2"


def _font(path: Path) -> TTFont:
    return TTFont(path, lazy=False)


def test_characters_are_those_of_formulas() -> None:
    """Only what stands inside <math> counts, entities read."""
    formula = to_mathml(r"x < \mathbb{R}")
    content = f"<p>café {formula}</p><p>ñ</p>"
    assert characters(content) == {"x", "<", "ℝ"}


def test_subset_draws_every_character_and_its_italic(tmp_path: Path) -> None:
    """A letter comes with the italic in which a browser draws a variable."""
    path = written("xh∂β∑", tmp_path)
    with _font(path) as font:
        drawn = set(map(chr, font.getBestCmap()))
        assert font.flavor == "woff2"
    assert set("xh∂β∑𝑥ℎ𝜕𝛽") <= drawn
    assert not set("yqΩ") & drawn


def test_subset_keeps_what_stretches(tmp_path: Path) -> None:
    """The MATH table stays, with the tall variants of a bracket and the parts of a taller one."""
    with _font(written("(x)", tmp_path)) as font:
        variants = font["MATH"].table.MathVariants
        coverage = variants.VertGlyphCoverage.glyphs
        construction = variants.VertGlyphConstruction[coverage.index("parenleft")]
        assert len(construction.MathGlyphVariantRecord) > 3
        assert construction.GlyphAssembly is not None
        assert "ssty" in {
            record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord
        }


def test_scripts_of_letters_stand_on_one_line(tmp_path: Path) -> None:
    """The subscript of y, which descends, hangs no lower than that of x; (x)^2 is no taller."""
    with _font(written("xy)", tmp_path)) as font:
        constants = font["MATH"].table.MathConstants
        glyphs, names = font["glyf"], font.getBestCmap()
        lowest = constants.SubscriptBaselineDropMin.Value - glyphs[names[ord("𝑦")]].yMin
        assert lowest < constants.SubscriptShiftDown.Value + 20
        highest = glyphs[names[ord(")")]].yMax - constants.SuperscriptBaselineDropMax.Value
        assert highest <= constants.SuperscriptShiftUp.Value


def test_roots_are_equally_wide(tmp_path: Path) -> None:
    """A browser that leaves room for the widest radical sign leaves none behind a low root."""
    with _font(written("x", tmp_path)) as font:
        radical = font.getBestCmap()[ord("√")]
        variants = font["MATH"].table.MathVariants
        place = variants.VertGlyphCoverage.glyphs.index(radical)
        construction = variants.VertGlyphConstruction[place]
        signs = [record.VariantGlyph for record in construction.MathGlyphVariantRecord]
        signs += [part.glyph for part in construction.GlyphAssembly.PartRecords]
        assert len(signs) > 5
        assert {font["hmtx"][sign][0] for sign in signs} == {font["hmtx"][radical][0]}
        assert all(font["glyf"][sign].xMax < 1.2 * font["hmtx"][radical][0] for sign in signs[:4])


def test_subset_is_small_and_carries_its_licence(tmp_path: Path) -> None:
    """Letters, digits and common signs fit in 45 kB, the Open Font License named."""
    used = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZαβγδεθλμσφ∂∇∑√ℝ𝔼≤≥∈→"
    path = written(used, tmp_path)
    assert path.stat().st_size < 45_000
    with _font(path) as font:
        assert "Open Font License" in font["name"].getDebugName(13)


def test_same_characters_give_the_same_bytes(tmp_path: Path) -> None:
    """A build that changes nothing changes no file; also in a process of its own."""
    first = written("xyz", tmp_path / "a").read_bytes()
    assert written("zyx", tmp_path / "b").read_bytes() == first
    cutter = Cutter()
    cutter.begin("zxy", tmp_path / "c.woff2")
    cutter.wait()
    Cutter().wait()  # one that is not needed ends, too
    assert (tmp_path / "c.woff2").read_bytes() == first


def test_pages_with_formulas_ask_for_the_font_in_their_head() -> None:
    """It is there when they are first laid out."""
    page = f"<html><head></head><body>{to_mathml('x')}</body></html>"
    head, _, _ = preloaded(page, "../font.woff2").partition("</head>")
    assert 'rel="preload" href="../font.woff2" as="font"' in head
