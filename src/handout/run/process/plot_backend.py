"""matplotlib's backend on a page: figures are kept for it, and `plt.show()` opens no window."""

from matplotlib.backend_bases import FigureManagerBase as FigureManager
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

__all__ = ["FigureCanvas", "FigureManager", "show"]


def show(*args: object, **options: object) -> None:
    """Leave the figures open: they are taken at the end of the cell."""
