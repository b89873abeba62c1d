"""Checks of derivatives: what `backward` computes against what the function itself does."""

from edf.check.gradients import check_gradients
from edf.check.jacobian import jacobian
from edf.check.oracles import DeclinedError
from edf.check.report import GradientReport, announce, jsonable, listening
from edf.check.sampling import draw_point, private_copy, sample_leaf
from edf.check.second import hessian, hvp

__all__ = [
    "DeclinedError",
    "GradientReport",
    "announce",
    "check_gradients",
    "draw_point",
    "hessian",
    "hvp",
    "jacobian",
    "jsonable",
    "listening",
    "private_copy",
    "sample_leaf",
]
