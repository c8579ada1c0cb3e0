"""A run as a picture: where the right passage is found, and what is shown as answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import InputError
from lab.evaluate.runs import Run
from lab.evaluate.summary import INTERVALS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HATCHES = {"hit@1": "", "hit@3": "//", "mrr": "..", "ndcg": "xx"}  # readable without colour
STATES = {"grounded": "", "quoted": "//", "refused": ".."}


def save_plot(run: Run, file: Path) -> None:
    """Write the picture. Its kind is the file's ending: png, svg or pdf."""
    from matplotlib.figure import Figure

    found = run["summary"]
    parts = [part for part in (("retrieval", _retrieval), ("answers", _answers)) if found[part[0]]]
    figure = Figure(figsize=(7 * len(parts), 4.2), layout="constrained")
    for place, (name, draw) in enumerate(parts, start=1):
        draw(figure.add_subplot(1, len(parts), place), found[name])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=120)
    except (OSError, ValueError) as error:
        raise InputError(f"The picture {file} cannot be written ({error}).", "Name a file that ends in .png, .svg or .pdf.") from error


def _retrieval(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    labels = [f"{row['mode']}\n{row['language']}" for row in rows]
    width = 0.8 / len(HATCHES)
    for number, (name, hatch) in enumerate(HATCHES.items()):
        places = [place + width * number for place in range(len(rows))]
        axes.bar(places, [row[name] for row in rows], width, label=name, hatch=hatch, edgecolor="white", yerr=_error(rows, name))
    axes.set_xticks([place + 1.5 * width for place in range(len(rows))], labels)
    axes.set(ylim=(0, 1), ylabel="mean over the questions", title="Retrieval: the passage that holds the answer")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4)  # below: bars fill the whole height


def _error(rows: list[dict[str, Any]], name: str) -> list[list[float]]:
    """How far each bar's interval reaches below and above it; nowhere where it has none."""
    ends = [(row[name], *row.get(INTERVALS, {}).get(name, (row[name], row[name]))) for row in rows]
    return [[value - low for value, low, _ in ends], [high - value for value, _, high in ends]]


def _answers(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    labels, below = [row["language"] for row in rows], [0.0] * len(rows)
    for state, hatch in STATES.items():
        values = [row[state] for row in rows]
        axes.bar(labels, values, 0.5, bottom=below, label=state, hatch=hatch, edgecolor="white")
        below = [one + other for one, other in zip(below, values, strict=True)]
    axes.plot(labels, [row["shown_correct"] for row in rows], "ko", label="correct, of those shown")
    axes.set(ylim=(0, 1), ylabel="share of the questions", title="Answers: what is shown")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4)  # below: bars fill the whole height
