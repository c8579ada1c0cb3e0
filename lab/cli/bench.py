"""lab bench: being written."""


def command() -> None:
    """Being written."""
    raise NotImplementedError
