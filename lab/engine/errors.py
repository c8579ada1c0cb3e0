"""Errors of the engine: an HTTP status and Ollama's own words.

EngineError                 what the API answers as {"error": message}
├── InvalidName    400      a name that is no model name
├── ModelMissing   404      no such model in the store
├── NoAdapters     400      a LoRA adapter, which Ollama no longer takes
├── DigestMismatch 400      bytes are not what their digest says
└── PullError      500      a registry or the disk ended a pull
"""

from lab.errors import LabError


class EngineError(LabError):
    """An error that the HTTP API answers with `status` and `{"error": message}`."""

    def __init__(self, status: int, message: str, hint: str = ""):
        super().__init__(message, hint)
        self.status = status
        self.message = message


class InvalidName(EngineError):
    """A name that is no model name."""

    def __init__(self) -> None:
        super().__init__(400, "invalid model name", "A model name is MODEL or MODEL:TAG, for example smollm2:135m.")


class ModelMissing(EngineError):
    """No such model in the store. Ollama words it differently per call; the plain form is that of chat and show."""

    def __init__(self, name: str, message: str = "model '{name}' not found"):
        super().__init__(404, message.format(name=name), f"Get it with: ollama pull {name}")
        self.name = name

    @classmethod
    def for_embedding(cls, name: str) -> "ModelMissing":
        """As /api/embed and /api/embeddings word it."""
        return cls(name, 'model "{name}" not found, try pulling it first')

    @classmethod
    def for_copy(cls, name: str) -> "ModelMissing":
        """As /api/copy words it."""
        return cls(name, 'model "{name}" not found')


class NoAdapters(EngineError):
    """A LoRA adapter, which Ollama no longer takes."""

    def __init__(self) -> None:
        super().__init__(400, "LoRA adapters are no longer supported", "Merge the adapter into the model, and make a GGUF file of that.")


class DigestMismatch(EngineError):
    """Bytes are not what their digest says; nothing of them is kept."""

    def __init__(self, want: str, got: str):
        super().__init__(400, f'digest mismatch, expected "{want}", got "{got}"')
        self.want = want
        self.got = got


class PullError(EngineError):
    """A registry, the network or the disk ended a pull."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(500, message, hint)
