"""lab status: being written."""


def command() -> None:
    """Being written."""
    raise NotImplementedError
