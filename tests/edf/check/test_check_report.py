"""Reports: what they say in text, in HTML, as JSON and as a figure, and who hears of them."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from edf.check import GradientReport, check_gradients
from edf.check.report import describe_sample
from edf.graph import Input
from edf.report import announce, jsonable, listening

KEYS = [
    *("id", "step", "kind", "status", "expected", "ok", "max_rel_error", "points", "seed"),
    *("oracle", "reading", "counterexample", "corruptions", "repair", "message", "details"),
]


class Test_jsonable:
    def test_numbers_that_json_lacks_become_words(self):
        assert jsonable([np.nan, np.inf, -np.inf, 1.5]) == ["nan", "inf", "-inf", 1.5]

    def test_arrays_become_lists_and_numpy_numbers_plain_ones(self):
        value = {"a": np.eye(2), 3: (np.float32(0.5), np.int64(2), np.bool_(True), None)}
        assert jsonable(value) == {"a": [[1.0, 0.0], [0.0, 1.0]], "3": [0.5, 2, True, None]}
        json.dumps(jsonable(value), allow_nan=False)

    def test_what_is_not_data_is_refused(self):
        with pytest.raises(TypeError, match="cannot be written as JSON"):
            jsonable({"f": print})


class Test_listening:
    def test_finished_checks_are_heard_in_order(self, nodes):
        heard = []
        with listening(heard.append):
            first = check_gradients(nodes.Softmax(Input(shape=(3,))), id="one")
            second = check_gradients(nodes.Absolute(Input(shape=(3,))), id="two")
        check_gradients(nodes.Softmax(Input(shape=(3,))), id="three")
        assert heard == [first, second]

    def test_the_innermost_listens_and_the_outer_is_back_after_an_exception(self):
        inner, outer = [], []

        def fail():
            with listening(inner.append):
                announce("a")
                raise ZeroDivisionError

        with listening(outer.append):
            with pytest.raises(ZeroDivisionError):
                fail()
            announce("b")
        assert (inner, outer) == (["a"], ["b"])

    def test_another_thread_is_not_overheard(self):
        heard = []
        with listening(heard.append):
            thread = threading.Thread(target=announce, args=("elsewhere",))
            thread.start()
            thread.join()
        assert heard == []


class Test_a_report:
    def test_to_dict_has_the_keys_of_a_verdict_in_order(self, nodes):
        facts = check_gradients(nodes.Softmax(Input(shape=(3,))), id="softmax").to_dict()
        assert list(facts) == KEYS
        assert (facts["id"], facts["kind"], facts["ok"]) == ("softmax", "gradient", True)
        json.dumps(facts, allow_nan=False)

    def test_a_refutation_carries_its_counterexample(self, nodes):
        facts = check_gradients(nodes.SoftmaxWithoutOffDiagonal(Input(shape=(3,)))).to_dict()
        found = facts["counterexample"]
        assert list(found) == ["point", "index", "left", "right"]
        assert list(found["index"]) == ["argument", "index"]
        assert np.shape(found["point"]["0"]) == (3,)
        json.dumps(facts, allow_nan=False)

    def test_the_counterexample_of_a_later_point_is_that_point(self):
        from edf.graph import Node

        class WrongBelowZero(Node):
            def forward(self, x):
                return x * x

            def backward(self, grad, x):
                return grad * np.where(x < 0, x, 2 * x)

        draws = iter([[0.5], [0.5], [1.0], [-3.0]])  # the first is looked at for its dtype
        x = Input(shape=(1,), sample=lambda rng, shape: np.array(next(draws)))
        report = check_gradients(WrongBelowZero(x))
        assert report.counterexample["point"]["0"] == [-3.0]
        assert report.points == 3

    def test_text_says_what_matters(self, nodes):
        text = str(check_gradients(nodes.SoftmaxWithoutOffDiagonal(Input(shape=(3,))), id="posted"))
        assert text.startswith("gradient check posted: refuted (expected verified)\n")
        assert "because:     SoftmaxWithoutOffDiagonal, argument 0, index (" in text
        assert text.count("backward") == 1  # the worst component is the reason, and told once
        assert "tolerance 1e-10" in text
        assert "all 3 components" in text
        assert "complex-step, at 1 point, seed 0" in text

    def test_a_fraction_is_stated(self):
        words = describe_sample({"checked": 64, "total": 50890})
        assert words == "64 of 50890 components (0.13%) and all along directions"

    def test_html_is_escaped(self):
        report = GradientReport(
            "refuted", "verified", 0.5, 1, None, 0, id="<script>", message="a < b & c"
        )
        html = report._repr_html_()
        assert "<script>" not in html
        assert "a &lt; b &amp; c" in html
        ET.fromstring(html)

    def test_assert_ok_raises_with_the_whole_report(self, nodes):
        check_gradients(nodes.Softmax(Input(shape=(3,)))).assert_ok()
        wrong = check_gradients(nodes.SoftmaxWithoutOffDiagonal(Input(shape=(3,))))
        with pytest.raises(AssertionError, match=r"(?s)refuted.*argument 0"):
            wrong.assert_ok()


class Test_the_figure:
    def test_it_is_described_by_the_errors_at_each_step(self, nodes):
        report = check_gradients(nodes.Softmax(Input(shape=(3,))))
        told = report.figure().description
        assert told["kind"] == "steps"
        assert told["title"] == "Error against step size (verified)"
        assert told["steps"] == report.details["steps"]

    def test_the_error_falls_where_backward_is_right(self, nodes):
        steps = check_gradients(nodes.Softmax(Input(shape=(3,)))).details["steps"]
        assert min(error for _, error in steps) < 1e-8
        assert [h for h, _ in steps] == sorted((h for h, _ in steps), reverse=True)

    def test_the_error_levels_off_where_it_is_wrong(self, nodes):
        report = check_gradients(nodes.SoftmaxWithoutOffDiagonal(Input(shape=(3,))))
        assert min(error for _, error in report.details["steps"]) > 1e-3

    def test_without_a_derivative_there_is_none(self, nodes):
        report = check_gradients(nodes.Affine(Input(shape=(2,)), Input(shape=(3,)), 0.0))
        with pytest.raises(ValueError, match="no figure"):
            report.figure()
