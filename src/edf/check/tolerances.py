"""The tolerances of gradient checks, in one place.

Checks run in float64 whatever the graph's own dtype is; what a narrower dtype rounds away is
reported apart, and called large beyond `ROUNDING`.
"""

from __future__ import annotations

import numpy as np

#: Largest accepted |backward - numeric|, relative to the larger of the two.
RTOL = 1e-10
#: From here on they are called different; between the two nothing is concluded.
DIFFERENT = 1e-8
#: Accepted in any case: this part of the argument's largest component.
FLOOR = 1e-12

#: What a gradient computed in a dtype may differ from the same gradient in float64, relative to
#: its largest component.
ROUNDING: dict[type, float] = {
    np.float16: 5e-2,
    np.float32: 1e-4,
    np.float64: 1e-9,
    np.longdouble: 1e-9,
}
