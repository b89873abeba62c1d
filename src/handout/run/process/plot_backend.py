"""matplotlib's backend on a page: `plt.show()` shows the open figures there, in no window."""

from matplotlib.backend_bases import FigureManagerBase as FigureManager
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas

from handout.run.process import display

__all__ = ["FigureCanvas", "FigureManager", "show"]


def show(*args: object, **options: object) -> None:
    """Show the figures where the cell's output stands, and close them."""
    if display.of_page is not None:
        display.of_page.figures()
