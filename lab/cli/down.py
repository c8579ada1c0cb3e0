"""lab down: stop the lab."""

from lab.cli.console import err, out


def command() -> None:
    """Stop everything that the lab started; documents, index and models stay, in the place compose in volumes.

    Example: lab down
    """
    from lab.stack.lifecycle import down

    with err.status("Stopping; answers and tasks that run are finished first"):
        stopped = down()
    lines = [f"Stopped: {', '.join(stopped.names)}." if stopped.names else "Nothing was running."]
    if stopped.volumes:
        lines.append(f"These volumes stay, with models, index and progress: {', '.join(stopped.volumes)}.")
    out.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
