"""lab tasks: the task queue."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli.console import out, print_json
from lab.errors import InputError, ServiceError
from lab.settings import get_settings

if TYPE_CHECKING:
    from lab.service.tasks.celery_queue import CeleryQueue


def command(
    put_back: Annotated[str, typer.Option(metavar="ID", help="Send a task once more that was given up; `all` for all of them.")] = "",
    drop: Annotated[str, typer.Option(metavar="ID", help="Drop a task that was given up; `all` for all of them.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for scripts.")] = False,
) -> None:
    """Show how many tasks wait in each queue, and which were given up; send those once more, or drop them.

    Example: lab tasks --put-back all
    """
    queue = _queue()
    if put_back:
        _each(queue, put_back, queue.put_back)
    if drop:
        _each(queue, drop, queue.drop)
    told = queue.overview()
    if as_json:
        print_json(told)
    else:
        out.print("\n".join(_lines(told)), highlight=False, markup=False, soft_wrap=True)


def _queue() -> "CeleryQueue":
    from lab.service.tasks.queue import OFF, TURN_ON

    if not get_settings().has_redis:
        raise ServiceError(OFF, TURN_ON)
    from lab.service.tasks.celery_queue import CeleryQueue

    return CeleryQueue(get_settings())


def _each(queue: "CeleryQueue", chosen: str, do: Any) -> None:
    ids = [one["id"] for one in queue.overview()["given_up"]] if chosen == "all" else [chosen]
    for one in ids:
        if not do(one):
            raise InputError(f"No task with the id {one} was given up.", "lab tasks lists those that were.")


def _lines(told: dict[str, Any]) -> list[str]:
    waiting = [f"{name}: {count} waiting" for name, count in told["queues"].items()]
    lines = [*waiting, f"in workers' hands: {told['taken']}", f"given up: {len(told['given_up'])}"]
    for one in told["given_up"]:
        when = datetime.fromtimestamp(one["created"], UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines.append(f"    {one['id']}  {one['task']}  {when}  {one['error']}")
    return lines
