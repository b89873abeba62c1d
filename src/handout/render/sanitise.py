"""SVG that a cell has drawn, made safe to stand inside a page.

Inside the page a figure takes the page's colours, light and dark, and its text can be read aloud
and searched. It also shares the page's origin, so nothing of it is copied: the drawing is parsed as
XML and written anew, with the elements and attributes that are listed here and no others. What is
left cannot run a script, react to events, or ask anything of the network.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from html import escape
from xml.parsers import expat

DEEPEST = 100  # nested elements; HTML parsers rearrange what is nested more than 512 deep

_SVG = "http://www.w3.org/2000/svg"
_LINKS = ("href", "http://www.w3.org/1999/xlink href")
#: How they are written: what follows a page's links may take a plain `href` for one of them, as
#: Material's instant navigation does, and fail on it.
_LINK = "xlink:href"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ELEMENTS = _words(
    "svg g defs use symbol path rect circle ellipse line polyline polygon text tspan title desc "
    "clipPath mask marker pattern linearGradient radialGradient stop image"
)
_UNWRAPPED = _words("a")  # a link goes, what it shows stays
_TEXTUAL = _words("text tspan title desc")
_PLAIN = _words("title desc")  # HTML parsers read their inside as HTML: text only

_PROPERTIES = _words(  # both as attributes and in style="..."
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray "
    "stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity color clip-path "
    "clip-rule mask stop-color stop-opacity font font-family font-size font-style font-weight "
    "font-variant font-stretch text-anchor text-decoration dominant-baseline alignment-baseline "
    "baseline-shift letter-spacing word-spacing marker-start marker-mid marker-end paint-order "
    "vector-effect shape-rendering text-rendering image-rendering visibility display transform "
    "transform-origin white-space"
)
_GEOMETRY = _words(
    "x y dx dy x1 y1 x2 y2 cx cy r rx ry fx fy width height d points viewBox preserveAspectRatio "
    "pathLength offset gradientUnits gradientTransform spreadMethod clipPathUnits maskUnits "
    "maskContentUnits patternUnits patternContentUnits patternTransform markerWidth markerHeight "
    "markerUnits refX refY orient rotate textLength lengthAdjust role aria-hidden"
)
_FREE_TEXT = _words("aria-label aria-roledescription")
_ID_LISTS = _words("aria-labelledby aria-describedby")

_ID = re.compile(r"[\w.:-]+")
_LOCAL_URL = re.compile(r"""url\(\s*(["']?)#([\w.:-]+)\1\s*\)""")
_VALUE = re.compile(r"""[\w\s#%.,+'"()-]*""", re.ASCII)  # no colon, slash, backslash, bracket
_FUNCTION = re.compile(r"([\w-]*)\s*\(")
_FUNCTIONS = _words("url var rgb rgba hsl hsla translate rotate scale matrix skewX skewY")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_MOVING = _words("transform transform-origin x y visibility display")  # not of the root
_LAYER = 50  # elements that cost as much as one mask
_DEEPEST_USE = 4  # elements that repeat elements: a hatched bar in a clipped plot, and one more
_MOST_DRAWN = 200_000
_BITMAP = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")


class SvgError(ValueError):
    """A drawing that cannot be shown; the message says why and what to do."""


def sanitise(svg: str, prefix: str, label: str = "Figure") -> str:
    """Return the drawing as SVG that is safe inside an HTML page.

    Elements and attributes that are not known to be harmless are left out.

    Args:
        svg: one SVG document or element.
        prefix: put before each id, so that two figures of a page cannot meet.
        label: what the figure shows, for readers who listen; used if the drawing does not say.

    Raises:
        SvgError: it is not well-formed, no SVG, declares entities, is too deep, or draws too much
            by repetition.
    """
    writer = _SvgWriter(prefix)
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.StartDoctypeDeclHandler = _no_declarations
    parser.SkippedEntityHandler = _no_entities
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(svg.strip().encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        raise SvgError(f"the figure is not well-formed SVG: {error}") from None
    return writer.result(label)


def standing_alone(drawing: str) -> str:
    """A sanitised drawing as a file of its own."""
    names = f'xmlns="{_SVG}" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return drawing.replace("<svg", f"<svg {names}", 1)


class _Drawn:
    """What is drawn with an element: elements inside it, and those that they name."""

    def __init__(self) -> None:
        self.elements = 0
        self.uses: Counter[str] = Counter()  # ids of what is drawn once for each mention
        self.markers: Counter[str] = Counter()  # ids of what is drawn at every vertex


class _SvgWriter:
    """Writes what may stay while the parser reads; `dropping` counts open elements that go."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.parts: list[str] = []
        self.open: list[tuple[str, str | None]] = []  # element and its id
        self.dropping = 0
        self.depth = 0
        self.root: dict[str, str] | None = None
        self.titled = False
        self.drawn: defaultdict[str, _Drawn] = defaultdict(_Drawn)  # by id; all of it has none
        self.vertices = 0  # of all lines: at each of them a marker may stand

    def start(self, full_name: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full_name.rpartition(" ")
        self.depth += 1
        if self.depth > DEEPEST:
            raise SvgError(f"the figure nests more than {DEEPEST} elements")
        if self.root is None and (name != "svg" or namespace not in ("", _SVG)):
            raise SvgError(f"the figure is a <{name}>, not an <svg>")
        known = name in _ELEMENTS or name in _UNWRAPPED
        inside_plain = bool(self.open) and self.open[-1][0] in _PLAIN
        if self.dropping or not known or namespace not in ("", _SVG) or inside_plain:
            self.dropping += 1
            return
        kept = {} if name in _UNWRAPPED else self._attributes(name, attributes)
        self.open.append((name, kept.get("id")))
        self._count(name, kept)
        if self.root is None:
            self.root = _at_rest(kept)
        elif name not in _UNWRAPPED:
            self.titled |= name == "title" and len(self.open) == 2
            self.parts.append(_tag(name, kept))

    def end(self, full_name: str) -> None:
        self.depth -= 1
        if self.dropping:
            self.dropping -= 1
            return
        name, _ = self.open.pop()
        if self.open and name not in _UNWRAPPED:
            self.parts.append(f"</{name}>")

    def text(self, text: str) -> None:
        inside = next((name for name, _ in reversed(self.open) if name not in _UNWRAPPED), "")
        if not self.dropping and inside in _TEXTUAL:
            self.parts.append(escape(text, quote=False))

    def result(self, label: str) -> str:
        self._refuse_expansion()
        root = dict(self.root or {})
        root.setdefault("role", "img")
        if not self.titled and not {"aria-label", "aria-labelledby"} & set(root):
            root["aria-label"] = label
        return _tag("svg", root) + "".join(self.parts) + "</svg>"

    def _count(self, name: str, kept: Mapping[str, str]) -> None:
        """Note what is drawn whenever one of the open elements is."""
        self.vertices += len(_NUMBER.findall(kept.get("d", "") + kept.get("points", ""))) // 2
        used = [kept[_LINK][1:]] if name == "use" and _LINK in kept else []
        marking: list[str] = []
        for key, value in kept.items():
            named = [found[2] for found in _LOCAL_URL.finditer(value)]
            if "mask" in key or "mask" in value:
                named *= _LAYER
            (marking if "marker" in key or "marker" in value else used).extend(named)
        for opened in ("", *(key for _, key in self.open if key)):
            drawn = self.drawn[opened]
            drawn.elements += 1
            if used or marking:  # few elements name another
                drawn.uses.update(used)
                drawn.markers.update(marking)

    def _refuse_expansion(self) -> None:
        """Refuse a figure in which elements that repeat others make a small file a large drawing.

        Raises:
            SvgError: repeated elements are nested too deep or without end, or are too many.
        """
        sizes: dict[str, int] = {}

        def size(key: str, depth: int) -> int:
            if depth > _DEEPEST_USE:
                raise SvgError(
                    f"the figure repeats elements that repeat others, more than {_DEEPEST_USE} deep"
                )
            if key not in sizes:
                drawn = self.drawn[key]
                sizes[key] = (
                    drawn.elements
                    + sum(count * size(used, depth + 1) for used, count in drawn.uses.items())
                    + sum(
                        count * self.vertices * size(used, depth + 1)
                        for used, count in drawn.markers.items()
                    )
                )
            return sizes[key]

        if size("", 0) > _MOST_DRAWN:
            raise SvgError(
                f"the figure draws more than {_MOST_DRAWN:,} elements by repeating some: "
                "draw fewer, or rasterize them"
            )

    def _attributes(self, element: str, attributes: Mapping[str, str]) -> dict[str, str]:
        kept = {}
        for name, value in attributes.items():
            safe = self._attribute(element, name, value)
            if safe is not None:
                kept[_LINK if name in _LINKS else name] = safe
        return kept

    def _attribute(self, element: str, name: str, value: str) -> str | None:
        """The attribute's value if it may stay, with ids made the figure's own."""
        if name in _PROPERTIES or name in _GEOMETRY:
            return self._value(value)
        if name == "style":
            return self._style(value)
        if name in _FREE_TEXT:
            return value
        if name == "id":
            return self.prefix + value if _ID.fullmatch(value) else None
        if name in _ID_LISTS:
            return " ".join(self.prefix + key for key in value.split() if _ID.fullmatch(key))
        if name == "tabindex":
            return value if value in ("0", "-1") else None
        if name in _LINKS:
            if element == "image":
                return value if _BITMAP.fullmatch(value) else None
            return f"#{self.prefix}{value[1:]}" if re.fullmatch(r"#[\w.:-]+", value) else None
        return None

    def _style(self, style: str) -> str | None:
        kept = []
        for declaration in style.split(";"):
            name, _, value = declaration.partition(":")
            safe = self._value(value.strip()) if name.strip() in _PROPERTIES else None
            if safe:
                kept.append(f"{name.strip()}:{safe}")
        return ";".join(kept) or None

    def _value(self, value: str) -> str | None:
        """A property's value if it names nothing outside the figure."""
        rest = _LOCAL_URL.sub("url()", value)
        if not _VALUE.fullmatch(rest) or not _FUNCTIONS.issuperset(_FUNCTION.findall(rest)):
            return None
        if rest.lower().count("url") != len(_LOCAL_URL.findall(value)):
            return None
        return _LOCAL_URL.sub(lambda found: f"url(#{self.prefix}{found[2]})", value)


def _at_rest(root: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a figure's root without those that would move it over its page."""
    kept = {key: value for key, value in root.items() if key not in _MOVING}
    if "style" in kept:
        declared = kept["style"].split(";")
        kept["style"] = ";".join(d for d in declared if d.partition(":")[0] not in _MOVING)
    return kept


def _tag(name: str, attributes: Mapping[str, str]) -> str:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"


def _no_declarations(name: str, system: str | None, public: str | None, inside: bool) -> None:
    if inside:
        raise SvgError("the figure declares entities in a DOCTYPE; write the characters themselves")


def _no_entities(name: str, is_parameter: bool) -> None:
    raise SvgError(f"the figure uses the undeclared entity &{name};")
