"""A figure with a text alternative.

JupyterLab 4.6 and nbconvert 7.17 ignore an `alt` in the metadata of a picture; an HTML image keeps it in both.
"""

import base64
import html
import io
from typing import TYPE_CHECKING

from lab.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORTEST_ALT = 15


class Picture:
    """A PNG and the words that stand for it."""

    def __init__(self, png: bytes, alt: str):
        self.png = png
        self.alt = alt

    def __repr__(self) -> str:
        return f"<figure: {self.alt}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode("ascii")
        return f'<img alt="{html.escape(self.alt, quote=True)}" style="max-width:100%" src="data:image/png;base64,{data}">'


def show(figure: "Figure", alt: str, dpi: int = 100) -> Picture:
    """Show a matplotlib figure; `alt` says in words what one sees in it. Raises InputError without such words."""
    if len(alt.strip()) < SHORTEST_ALT:
        raise InputError(
            "The figure has no text alternative.", 'Say what one sees: show(figure, "Bars: re-ingest takes 1 % of the first run").'
        )
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    # without the program's name in the file, the same picture gives the same bytes
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return Picture(buffer.getvalue(), alt)
