"""Figures keep their words."""

import pytest

from lab.course.figure import show
from lab.errors import InputError

pytest.importorskip("matplotlib").use("agg")


@pytest.fixture
def figure():
    import matplotlib.pyplot as plt

    made, axes = plt.subplots(figsize=(2, 1))
    axes.plot([1, 2], [3, 4])
    return made


def test_a_figure_carries_its_alternative(figure):
    picture = show(figure, 'A line that rises from 3 to 4 "steps"')
    assert 'alt="A line that rises from 3 to 4 &quot;steps&quot;"' in picture._repr_html_()
    assert repr(picture) == '<figure: A line that rises from 3 to 4 "steps">'


def test_a_figure_without_words_is_refused(figure):
    with pytest.raises(InputError, match="no text alternative"):
        show(figure, "  plot  ")


def test_a_shown_figure_is_closed(figure):
    import matplotlib.pyplot as plt

    show(figure, "A line that rises from 3 to 4")
    assert not plt.fignum_exists(figure.number)
