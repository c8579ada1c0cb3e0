"""lab test: being written."""


def command() -> None:
    """Being written."""
    raise NotImplementedError
