"""Errors that people meet.

LabError            what happened, and the next action
├── SettingError    a setting has a value that cannot work
├── InputError      a document, a question or a request cannot be used
│   └── MissingError    what a request names is not there
├── ServiceError    a service of the lab is away, broke off or did not start
├── EngineError     Docker cannot be used, or did not do what was asked of it
└── ModelError      a model is missing, broken or too large
"""


class LabError(Exception):
    """One sentence of what happened (`what`), one of what to do next (`hint`). `outcome`: how metrics count what it ended."""

    outcome = "error"

    def __init__(self, what: str, hint: str = ""):
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\nhint: {self.hint}" if self.hint else self.what


class SettingError(LabError):
    """A setting has a value that cannot work."""


class InputError(LabError):
    """A document, a question or a request cannot be used."""

    outcome = "invalid"  # a mistake of the caller, and no failure of the lab: nobody is to be woken for it


class MissingError(InputError):
    """What a request names is not there."""


class ServiceError(LabError):
    """A service of the lab is away, broke off or did not start."""


class EngineError(LabError):
    """Docker cannot be used, or did not do what was asked of it."""


class ModelError(LabError):
    """A model is missing, broken or too large."""
