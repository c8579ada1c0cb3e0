"""lab down: stop the lab."""

from lab.cli.console import err, out


def command() -> None:
    """Stop everything that the lab started; documents, index and models stay.

    Example: lab down
    """
    from lab.stack.lifecycle import down

    with err.status("Stopping"):
        stopped = down()
    out.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.", highlight=False, markup=False)
