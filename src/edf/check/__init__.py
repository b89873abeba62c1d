"""Checks of derivatives: what `backward` computes against what the function itself does."""

from edf.check.gradients import check_gradients
from edf.check.report import GradientReport, announce, jsonable, listening
from edf.check.sampling import draw_point, private_copy, sample_leaf

__all__ = [
    "GradientReport",
    "announce",
    "check_gradients",
    "draw_point",
    "jsonable",
    "listening",
    "private_copy",
    "sample_leaf",
]
