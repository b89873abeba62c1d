"""A page runs in the Python that its author knows: nothing of any library is another object."""

from __future__ import annotations

import pytest

from handout.run.outcomes import printed

LOOK = """
import datetime, os, random, secrets, sqlite3, sys, threading, time, types, uuid
import numpy.random

def ours(value):
    return isinstance(value, types.FunctionType) and value.__globals__["__name__"].startswith(
        "handout"
    )

for name, module in list(sys.modules.items()):
    if module is None or name.startswith("handout"):
        continue
    for key, value in list(vars(module).items()):
        owned = vars(value).items() if isinstance(value, type) else ()
        for what in (key, value), *owned:
            if ours(what[1]):
                print(name, key, what[0])
"""


def test_no_function_of_a_library_is_ours(workshop) -> None:
    """Neither in modules nor in their classes; `__main__` holds what the cell itself defines."""
    judged = workshop.cell(LOOK)
    assert judged.verdicts[0]["ok"], judged.verdicts[0]["message"]
    assert printed(judged.results[0].outcome) == ""


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("datetime.datetime is _datetime.datetime", id="the class itself"),
        pytest.param("type(datetime.datetime.now()) is datetime.datetime", id="its instances"),
        pytest.param("type(datetime.datetime).__name__ == 'type'", id="its metaclass"),
        pytest.param("pickle.loads(pickle.dumps(d)) == d", id="pickle"),
        pytest.param(
            "sqlite3.connect(':memory:', detect_types=3).execute("
            "'select ? as \"x [timestamp]\"', (d,)).fetchone() == (d,)",
            id="sqlite3",
        ),
        pytest.param("yaml.safe_load(yaml.safe_dump(d)) == d", id="YAML"),
        pytest.param("issubclass(Day, datetime.date) and Day(2020, 1, 1) < Day.today()", id="sub"),
        pytest.param("np.datetime64(d).astype(object) == d", id="NumPy"),
        pytest.param("isinstance(time.time, types.BuiltinFunctionType)", id="clock"),
        pytest.param("isinstance(os.urandom, types.BuiltinFunctionType)", id="entropy"),
        pytest.param("threading.Thread.start.__module__ == 'threading'", id="threads"),
    ],
)
@pytest.mark.filterwarnings("ignore:The default datetime adapter")
def test_dates_and_clocks_are_those_of_python(workshop, source: str) -> None:
    """What extension modules check of `datetime`, and what pickle, SQLite and YAML look up."""
    setting = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import _datetime, datetime, os, pickle, sqlite3, threading, time, types, yaml\n"
        "import numpy as np\n"
        "class Day(datetime.date): pass\n"
        "d = datetime.datetime(2020, 1, 1)\n"
    )
    judged = workshop.cell(setting + source)
    assert printed(judged.results[0].outcome) == "True\n", judged.verdicts[0]["message"]


def test_garbage_is_collected(workshop) -> None:
    """Though not while the process is loaded of which a page's is a fork."""
    judged = workshop.cell("import gc\ngc.isenabled()")
    assert printed(judged.results[0].outcome) == "True\n"
