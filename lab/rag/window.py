"""What stands around a passage: the model reads more of the document, citations still name the exact chunk."""

from collections.abc import Iterable
from dataclasses import replace

from lab.rag.retrieve import Hit, Query
from lab.rag.stores.collection import Where
from lab.settings import Settings

REACH = 2  # chunks before and after a passage that count as its neighbours
OVERLAP = 20  # characters from which an equal end and beginning are taken for the overlap of two chunks


def widen(settings: Settings, query: Query, hits: list[Hit], where: Where) -> list[Hit]:
    """Each hit with its window, no longer than CONTEXT_BUDGET. What the filter `where` leaves out stays out of it too."""
    if settings.context_window == "none":
        return hits
    around = _neighbours if settings.context_window == "neighbours" else _section
    return [replace(hit, window=_within(hit, _chunks(query, {**where, **around(hit)}), settings.context_budget)) for hit in hits]


def _neighbours(hit: Hit) -> Where:
    places = range(max(hit.position - REACH, 0), hit.position + REACH + 1)
    return {"folder": [hit.folder], "source": [hit.source], "position": list(places)}


def _section(hit: Hit) -> Where:
    return {"folder": [hit.folder], "source": [hit.source], "section": [hit.section]}


def _chunks(query: Query, where: Where) -> list[Hit]:
    ids = [record["id"] for record in query.collection.records(where=where)]
    return sorted(query.hits(ids), key=lambda hit: hit.position)


def _within(hit: Hit, chunks: list[Hit], budget: int) -> tuple[Hit, ...]:
    """The passage, and as many chunks around it, nearest first, as the budget allows."""
    kept = {hit.position: hit}
    left = budget - len(hit.text)
    for chunk in sorted(chunks, key=lambda one: abs(one.position - hit.position)):
        beside = chunk.position - 1 in kept or chunk.position + 1 in kept
        if chunk.position not in kept and beside and len(chunk.text) <= left:
            kept[chunk.position] = chunk
            left -= len(chunk.text)
    return tuple(kept[position] for position in sorted(kept))


def joined(chunks: Iterable[Hit]) -> str:
    """The chunks as one text, each new heading above it; what two neighbours share stands there once."""
    whole, section = "", None
    for chunk in chunks:
        if chunk.section != section:
            whole += f"{chr(10) * 2 if whole else ''}{chunk.headed}\n{chunk.text}"
        else:
            shared = _shared(whole, chunk.text)
            whole += chunk.text[shared:] if shared else f"\n\n{chunk.text}"
        section = chunk.section
    return whole


def _shared(before: str, after: str) -> int:
    """Length of the longest end of one text that the other begins with, when it is too long for chance."""
    lengths = range(min(len(before), len(after)), OVERLAP - 1, -1)
    return next((length for length in lengths if before.endswith(after[:length])), 0)


def passages(hits: list[Hit]) -> list[Hit]:
    """The hits, and after them the chunks of their windows: all that the model has read, so all that may support it."""
    rest = (chunk for hit in hits for chunk in hit.window)
    return list({hit.id: hit for hit in (*hits, *rest)}.values())
