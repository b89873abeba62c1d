"""The two files of winter 2017, the names that programs miss, and the runner of programs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import edf.course.autumn2020 as autumn
import edf.course.winter2017 as ps4
import edf.course.winter2017_ps2 as ps2
from edf.course.run import UnknownGenerationError, corrections, main, recognised, run, used_names

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(autouse=True)
def fresh():
    """Every test starts from empty lists, and with no answer about the batch."""
    for module in (ps2, ps4):
        module.components, module.params = [], []
    ps4.averages, ps2.averages = None, True
    ps4._warned = False
    yield
    ps4.averages = None


def bias_gradient(module, mean=False):
    """Of a softmax classifier at zero, for four rows of which three have the label 0."""
    x, labels = module.Value(np.ones((4, 1))), module.Value([0, 0, 0, 1])
    W, b = module.Param(np.zeros((1, 2))), module.Param(np.zeros(2))
    scores = module.Add(module.VDot(x, W), b)
    loss = module.LogLoss(module.Aref(module.SoftMax(scores), labels))
    if mean:
        loss = module.Mean(loss)
    module.Forward()
    module.Backward(loss)
    assert W.grad.reshape(-1).tolist() == b.grad.tolist()
    return b.grad.tolist()


def test_problem_set_2_averages_and_problem_set_4_sums():
    """The same program, a factor of the batch apart: so it must be said which is meant."""
    assert bias_gradient(ps2) == [-0.25, 0.25]
    with pytest.raises(
        ValueError, match=r"averaged over 4 rows.*import edf\.course\.winter2017_ps2"
    ):
        bias_gradient(ps4)
    fresh_lists(ps4)
    ps4.averages = False
    assert bias_gradient(ps4) == [-1, 1]


def fresh_lists(module):
    module.components, module.params = [], []


def test_a_mean_leaves_nothing_to_choose():
    """The gradient is that of the mean, and nobody is asked."""
    assert bias_gradient(ps4, mean=True) == [-0.25, 0.25]


def test_gradients_that_the_programs_own_optimiser_leaves_are_named():
    """The original adds to them: another meaning, so not in silence; once is enough."""
    W = ps4.Param([1.0])
    loss = ps4.Mean(ps4.Mul(W, ps4.Value([3.0])))
    ps4.Forward()
    ps4.Backward(loss)
    with pytest.warns(UserWarning, match="original file adds to them"):
        ps4.Backward(loss)
    ps4.Backward(loss)
    assert W.grad.tolist() == [3]
    ps4._warned = False
    ps4.SGD(0.1)  # which sets them to zero
    ps4.Backward(loss)


def test_the_two_files_have_lists_of_their_own():
    """And a check tests the derivative itself, averaged or not."""
    W = ps2.Param(np.ones((2, 2)))
    loss = ps2.LogLoss(
        ps2.Aref(ps2.SoftMax(ps2.VDot(ps2.Value([[1.0, 2], [3, 1]]), W)), ps2.Value([0, 1]))
    )
    assert ps4.params == []
    assert len(ps2.params) == 1
    ps2.Forward()
    assert ps2.check(loss).status == "verified"
    assert ps2.averages is True


# ------------------------------------------------------------------------------ the missing names

IMAGES = (2, 4, 4, 3)


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (lambda x: ps4.Log(x), [(3, 2)]),
        (lambda x: ps4.Softplus(x), [(3, 2)]),
        (lambda x: ps4.LeakyRELU(x, 0.1), [(3, 2)]),
        (lambda x: ps4.Relu(x), [(3, 2)]),
        (lambda x: ps4.BCELoss(ps4.Sigmoid(x), ps4.Value([[0.0, 1], [1, 1], [0, 0]])), [(3, 2)]),
        (lambda f, k: ps4.Conv(f, k), [IMAGES, (3, 2, 3, 5)]),
        (lambda f, k: ps4.ConvNaive(f, k, stride=2, pad=(1, 0)), [IMAGES, (3, 3, 3, 2)]),
        (lambda x: ps4.MaxPool(x), [IMAGES]),
        (lambda x: ps4.AvePool(x, 3, 1), [IMAGES]),
        (lambda x: ps4.SumPool(x), [IMAGES]),
        (lambda x, g, b: ps4.BatchNorm(x, g, b, ps4.Value(0)), [(5, 3), (3,), (3,)]),
    ],
)  # fmt: skip
def test_components_that_programs_miss(make, shapes):
    """Of positive numbers, all distinct; gradients against numeric ones."""
    rng = np.random.default_rng(0)
    sizes = [int(np.prod(shape)) for shape in shapes]
    values = np.split(0.2 + rng.permutation(sum(sizes)) / sum(sizes), np.cumsum(sizes)[:-1])
    params = [ps4.Param(v.reshape(shape)) for v, shape in zip(values, shapes, strict=True)]
    loss = make(*params)
    ps4.Forward()
    report = ps4.check(loss)
    assert report.status == "verified", report


def test_images_are_laid_out_as_in_the_original():
    """Channels last; filters (height, width, in, out)."""
    f, k = np.arange(2.0 * 3 * 3 * 2).reshape(2, 3, 3, 2), np.zeros((2, 2, 2, 1))
    k[1, 0, 1, 0] = 1  # takes channel 1, one pixel below
    conv = ps4.Conv(ps4.Value(f), ps4.Param(k))
    pooled = ps4.SumPool(ps4.Value(f[:, :2, :2]))
    ps4.Forward()
    np.testing.assert_array_equal(conv.value[..., 0], f[:, 1:, :2, 1])
    np.testing.assert_array_equal(pooled.value[:, 0, 0], f[:, :2, :2].sum(axis=(1, 2)))


def test_dropout_and_batch_normalisation_switch_over():
    """A rate of 0 keeps everything; a test uses the means of the batches that were seen, and their
    variances with n - 1 rows."""
    np.random.seed(0)
    x, rate, test = ps4.Value(np.ones((200, 2))), ps4.Value(0.5), ps4.Value(0)
    dropped = ps4.Dropout(x, rate)
    ps4.Forward()
    assert set(np.unique(dropped.value)) == {0, 2}
    rate.set(0)
    ps4.Forward()
    assert np.all(dropped.value == 1)
    fresh_lists(ps4)
    one = ps4.Param(np.ones(1))
    normalised = ps4.BatchNorm(x, one, ps4.Param(np.zeros(1)), test)
    for mean in (1.0, 3.0):
        x.set(mean + np.array([[1.0], [-1.0]]))
        ps4.Forward()
        np.testing.assert_allclose(normalised.value, [[1], [-1]], rtol=1e-6)
    test.set(1)
    x.set([[2.0], [4.0]])
    ps4.Forward()
    np.testing.assert_allclose(normalised.value, [[0], [np.sqrt(2)]], rtol=1e-6)


def test_bcast_names_the_axes_along_which_arrays_are_stretched():
    """As the original's helper does, for shapes of any length."""
    assert ps4.bcast(np.ones((4, 3)), np.ones(3)) == ((), (0,))
    assert ps4.bcast(np.ones((4, 1)), np.ones((2, 1, 3))) == ((0, 2), (1,))


def test_a_gradient_of_2020_may_be_stretched_to_the_value():
    """As `self.grad += delta` did, besides being summed where the value was stretched."""
    autumn.clear_compgraph()

    class Holder(autumn.CompNode):
        value = np.ones((4, 3, 2))

    node = Holder()
    node.addgrad(np.arange(4.0).reshape(4, 1, 1))
    assert node.grad.shape == (4, 3, 2)
    assert node.grad[3].tolist() == [[3, 3]] * 3
    node.value = np.ones((3, 1))
    node.grad = 0.0
    node.addgrad(np.ones((4, 3, 2)))
    assert node.grad.tolist() == [[8], [8], [8]]


def test_later_spellings_of_2020():
    """`A` for `w`, `UpdateParameters` for `SGD`, and the loss of problem sets of later years."""
    autumn.clear_compgraph()
    assert autumn.CrossEntropyLoss is autumn.LogLoss
    np.random.seed(0)
    layer = autumn.AffineParams(3, 1)
    layer.A.value[0, 0] = 2
    assert layer.w.value[0, 0] == 2
    x, y = autumn.Input(), autumn.Input()
    x.value, y.value = np.float32([[1, 2, 3], [-1, 0, 1]]), np.array([[1], [0]])
    loss = autumn.BCELoss(autumn.Sigmoid(autumn.Affine(layer, x)), y)
    autumn.Forward()
    score = x.value @ layer.w.value
    expected = np.logaddexp(0, np.where(y.value == 1, -score, score))
    np.testing.assert_allclose(loss.value, expected, rtol=1e-5)
    assert autumn.check(loss).status == "verified"
    before = layer.b.value.copy()
    autumn.Backward(loss)
    autumn.UpdateParameters()
    np.testing.assert_allclose(
        layer.b.value, before - autumn.learning_rate * layer.b.grad, rtol=1e-6
    )


def test_a_certain_probability_costs_much_but_is_finite():
    """And has no gradient, as nothing depends on it any more."""
    autumn.clear_compgraph()
    p, y = autumn.Parameter([[0.0], [1], [0.5]]), autumn.Input()
    y.value = np.array([[1], [0], [1]])
    loss = autumn.BCELoss(p, y)
    autumn.Forward()
    autumn.Backward(loss)
    assert np.all(np.isfinite(loss.value))
    assert loss.value[0, 0] > 80
    np.testing.assert_allclose(p.grad, [[0], [0], [-2 / 3]], rtol=1e-6)


def test_relu_of_2019():
    """The file of 2019 is that of 2020, with one class more."""
    autumn.clear_compgraph()
    x = autumn.Parameter([[-1.0, 2]])
    y = autumn.Relu(x)
    autumn.Forward()
    autumn.Backward(y)
    assert y.value.tolist() == [[0, 2]]
    assert x.grad.tolist() == [[0, 1]]


# ------------------------------------------------------------------------------------- the runner


def written(folder, text, name="program.py"):
    """The program as a file."""
    program = folder / name
    program.write_text(text, "utf-8")
    return program


def unchanged(name):
    """A program as a student has it: `import edf`."""
    source = (PROGRAMS / f"program_{name}.py").read_text("utf-8")
    head, _, tail = source.partition("import edf.course.")
    return head + "import edf\n" + tail.partition("\n")[2]


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("2017_one_by_one", "2017"),
        ("2017_batch_loss", "2017-ps2"),
        ("2017_images", "2017-ps4"),
        ("2017_perceptron", "2017-ps4"),
        ("2017_sequence", "2017-ps4"),
        ("2020_perceptron", "2020"),
        ("2020_residual", "2020"),
    ],
)
def test_programs_are_recognised(tmp_path, name, generation):
    """By the names that they use, and the reason is given."""
    found, because = recognised(used_names(written(tmp_path, unchanged(name))))
    assert found == generation
    assert because


def test_an_unchanged_program_runs(tmp_path, capsys):
    """With a module beside it that imports edf, too, and an edf.py that is not looked at."""
    (tmp_path / "edf.py").write_text("raise SystemExit('the original was imported')", "utf-8")
    (tmp_path / "helper.py").write_text("import edf\nlists = edf.components, edf.params\n", "utf-8")
    program = tmp_path / "program.py"
    program.write_text(
        unchanged("2017_one_by_one") + "\nimport helper\nprint('trained')\n", "utf-8"
    )
    names = run(program, "2017")
    assert capsys.readouterr().out == "trained\n"
    assert names["losses"][-1] < 0.5 * names["losses"][0]
    assert names["helper"].lists[1] is ps4.params
    assert sys.modules["edf"].__name__ == "edf"


def test_the_command_says_what_it_recognised_and_what_differs(tmp_path):
    """On standard error; the program's own output and exit status stay."""
    program = tmp_path / "ps2.py"
    program.write_text(
        unchanged("2017_batch_loss") + "import sys\nprint(sys.argv)\nsys.exit(7)", "utf-8"
    )
    command = [sys.executable, "-m", "edf.course", str(program), "--epochs", "3"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 7
    assert done.stdout == f"{[str(program), '--epochs', '3']}\n"
    assert "runs with edf.course.winter2017_ps2 (its loss is not reduced by Mean" in done.stderr
    assert "unlike in the original, Tanh does not overflow" in done.stderr
    assert "Mean" not in corrections(used_names(program), "2017-ps2")


def test_a_loss_for_each_row_is_summed_where_the_later_file_is_meant(tmp_path):
    """`Embed` came after problem set 2, so the choice is made, and said."""
    program = written(
        tmp_path,
        "import edf\ntable = edf.Param([[1.0], [1]])\nrows = edf.Embed(edf.Value([0, 1]), table)\n"
        "b = edf.Param([1.0])\nedf.Forward\nloss = edf.LogLoss(edf.Add(rows, b))\n"
        "edf.Forward(); edf.Backward(loss)",
    )
    generation, because = recognised(used_names(program))
    assert (generation, because) == (
        "2017-ps4",
        "it uses Embed: gradients of parameters are summed",
    )
    assert run(program, generation)["b"].grad.tolist() == [-1]


def test_only_what_comes_from_edf_counts(tmp_path):
    """A student's own `Tanh` is no difference; what a module beside the program uses is one; and
    `from edf import *` brings whatever the program does not define."""
    written(tmp_path, "import edf\nedf.components\n", "func.py")
    program = written(tmp_path, "import func, edf as E\nclass Tanh: pass\nE.Embed, Tanh\n")
    assert used_names(program) == {"components", "Embed"}
    assert list(corrections(used_names(program), "2017")) == ["Embed"]
    starred = written(tmp_path, "from edf import *\nclass Tanh: pass\nTanh(Param(Mean))\n", "s.py")
    assert used_names(starred) - {"*"} == {"Param", "Mean"}


def test_what_no_module_has_is_named_before_the_program_runs(tmp_path, capfd):
    """Other courses have an edf.py, too."""
    program = written(tmp_path, "import edf\nedf.conv2(edf.Param(1))")
    with pytest.raises(AttributeError, match="conv2"):
        main([str(program)])
    assert "there is no conv2 in it; the program stops there" in capfd.readouterr().err


def test_a_notebook_runs_as_it_is(tmp_path):
    """Its code cells, one after another; lines for IPython are left out."""
    cells = [
        {"cell_type": "markdown", "source": ["# Problem 1"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "import edf\n", "x = edf.Value(3)"],
        },
        {"cell_type": "code", "source": "if x.value:\n    !ls\n    y = edf.Param(x.value)"},
    ]
    notebook = written(tmp_path, json.dumps({"cells": cells, "nbformat": 4}), "PS1.ipynb")
    assert run(notebook, recognised(used_names(notebook))[0])["y"].value == 3
    with pytest.raises(SyntaxError, match="not a notebook"):
        used_names(written(tmp_path, "{}", "empty.ipynb"))


def test_a_program_that_imports_edf_and_uses_nothing_of_it_runs(tmp_path, capfd):
    """Whichever file it was written for: one trains with another framework, beside the import."""
    main([str(written(tmp_path, "import edf, math\nprint(math.pi)"))])
    out, err = capfd.readouterr()
    assert out.startswith("3.14")
    assert "uses nothing of it" in err
    assert used_names(written(tmp_path, "import edf\ngetattr(edf, 'Value')")) == {"*"}


def test_an_error_shows_the_line_of_the_notebook(tmp_path):
    """Although no file has it."""
    cell = {"cell_type": "code", "source": "import edf\nedf.Param(1).nothing"}
    notebook = written(tmp_path, json.dumps({"cells": [cell]}), "PS1.ipynb")
    with pytest.raises(AttributeError) as caught:
        run(notebook, "2017")
    assert "edf.Param(1).nothing" in str(caught.getrepr(style="short"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import edf\nprint(edf)", "uses none of its names; say --generation"),
        ("print(1)", "it does not import edf"),
        ("import edf\nedf.params, edf.CompNodes", "it uses params and CompNodes; say --generation"),
        ("import edf\nprint edf.params", "line 2: .*Python 2, which 2to3 translates"),
        ("import edf\nedf.Model, edf.VDot", "it uses Model, which stood in a draft"),
    ],
)
def test_a_program_that_is_not_recognised_is_refused(tmp_path, source, message):
    """Nothing is chosen in silence."""
    program = tmp_path / "p.py"
    program.write_text(source, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "edf.course", str(program)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert re.search(message, done.stderr), done.stderr
    if "line 2" not in message:
        with pytest.raises(UnknownGenerationError):
            recognised(used_names(program))
