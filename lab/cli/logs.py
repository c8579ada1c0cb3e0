"""lab logs: being written."""


def command() -> None:
    """Being written."""
    raise NotImplementedError
