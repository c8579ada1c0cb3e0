"""How the command prints: sizes, times and columns, as Ollama prints them."""

from collections.abc import Sequence
from datetime import UTC, datetime

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_GAP = "    "  # between columns


def human_size(size: float) -> str:
    """98 MB, 1.3 GB: units of 1000."""
    value, unit = size, 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{int(value)} {_UNITS[unit]}" if value >= 10 or value == int(value) else f"{value:.1f} {_UNITS[unit]}"


def human_time(moment: datetime, now: datetime | None = None) -> str:
    """`4 minutes ago`, `4 minutes from now`; a moment a century away is for ever."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if abs(seconds) > 20 * 365 * 24 * 3600:
        return "Forever" if seconds < 0 else "Never"
    return f"{_duration(seconds)} ago" if seconds >= 0 else f"{_duration(-seconds)} from now"


def _duration(seconds: float) -> str:
    minutes, hours = int(seconds // 60), round(seconds / 3600)
    if seconds < 2:
        return "Less than a second" if seconds < 1 else "1 second"
    if minutes < 60:
        return f"{int(seconds)} seconds" if not minutes else "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours <= 1:
        return "About an hour"
    days = hours // 24
    for limit, count, unit in ((2, hours, "hours"), (14, days, "days"), (60, days // 7, "weeks"), (730, days // 30, "months")):
        if days < limit:
            return f"{count} {unit}"
    return f"{days // 365} years"


def duration_text(nanoseconds: int) -> str:
    """1.234s, 56.78ms: durations of an answer."""
    seconds = nanoseconds / 1e9
    return f"{seconds:.3f}s" if seconds >= 1 else f"{seconds * 1000:.2f}ms"


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Rows under each other, every column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def section(title: str, rows: Sequence[Sequence[str]]) -> str:
    """A heading and rows below it, for `show`."""
    return f"  {title}\n{columns(rows, indent=_GAP)}\n"
