"""What the runtime runs, once, when it is fetched: it compiles what a live page imports first.

Every browser would otherwise compile the same modules at every visit. Only what is imported at the
start is compiled, since bytecode is larger than source.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
import sysconfig
import zipfile
from pathlib import Path
from types import ModuleType

WORK = Path("/work")
MODULES, LIBRARY = "modules.zip", "python_stdlib.zip"
_DATE = (1980, 1, 1, 0, 0, 0)  # fixed, so that equal contents are equal bytes
_UNCHECKED = 1  # bytecode that is taken as it is, without a look at its source


def main() -> None:
    """Write both archives anew."""
    home = sysconfig.get_path("purelib")
    sys.path.insert(0, home)
    with zipfile.ZipFile(WORK / MODULES) as archive:
        archive.extractall(home)
    importlib.import_module("handout.live.session")
    library = next(place for place in sys.path if place.endswith(".zip"))
    _rewrite(WORK / MODULES, WORK / f"compiled-{MODULES}", home)
    _rewrite(Path(library), WORK / f"compiled-{LIBRARY}", library)


def _rewrite(source: Path, target: Path, home: str) -> None:
    """Write an archive anew, with bytecode in place of the modules that are imported from it.

    It is without docstrings. What has operations stays source, which a page may show.
    """
    imported = {str(getattr(m, "__file__", None)): m for m in list(sys.modules.values())}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            data = old.read(name)
            module = imported.get(f"{home}/{name}")
            if module is None or not name.endswith(".py") or _has_operations(module):
                _add(new, name, data)
                continue
            code = compile(data, f"{home}/{name}", "exec", dont_inherit=True, optimize=2)
            head = importlib.util.MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little")
            _add(new, f"{name}c", head + importlib.util.source_hash(data) + marshal.dumps(code))


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), data)


def _has_operations(module: ModuleType) -> bool:
    """Whether a module has classes with a `backward`, whose source `edf.tracing` reads."""
    return any(
        isinstance(found, type) and found.__module__ == module.__name__ and "backward" in dir(found)
        for found in vars(module).values()
    )


if __name__ == "__main__":
    main()
