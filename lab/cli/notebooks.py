"""lab notebooks: being written."""


def command() -> None:
    """Being written."""
    raise NotImplementedError
