"""Model names: [scheme://][host/][namespace/]model[:tag]."""

import re
from dataclasses import dataclass

from lab.engine.errors import InvalidName

HOST = "registry.ollama.ai"
NAMESPACE = "library"
TAG = "latest"

_PARTS = {
    "host": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}"),
    "namespace": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}"),
    "model": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"),
    "tag": re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"),
}


@dataclass(frozen=True)
class Name:
    """A complete and valid model name. Its parts are safe as folder names: none is empty, starts with a dot or has a slash."""

    host: str
    namespace: str
    model: str
    tag: str
    scheme: str = "https"

    @classmethod
    def parse(cls, text: str) -> "Name":
        """The name that `text` means, with Ollama's defaults. Raises InvalidName."""
        rest, tag = text, TAG
        if rest.rfind(":") > rest.rfind("/"):  # a colon before a slash belongs to the host
            rest, _, tag = rest.rpartition(":")
        rest, before_model, model = rest.rpartition("/")
        rest, before_namespace, namespace = rest.rpartition("/")
        scheme, before_host, host = rest.rpartition("://")
        name = cls(
            host if before_namespace else HOST,  # a part that is left out gets the default; one that is empty is refused
            namespace if before_model else NAMESPACE,
            model,
            tag,
            scheme if before_host else "https",
        )
        if not name._is_valid():
            raise InvalidName
        return name

    @classmethod
    def of_parts(cls, parts: tuple[str, ...]) -> "Name | None":
        """The name of a manifest's path HOST/NAMESPACE/MODEL/TAG, or None when the path is no name."""
        if len(parts) != len(_PARTS):
            return None
        name = cls(*parts)
        return name if name._is_valid() else None

    def _is_valid(self) -> bool:
        return self.scheme in ("http", "https") and all(rule.fullmatch(getattr(self, part)) for part, rule in _PARTS.items())

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """Host, namespace, model and tag: the manifest's path in the store."""
        return self.host, self.namespace, self.model, self.tag

    @property
    def key(self) -> tuple[str, ...]:
        """Equal for names that differ in case only."""
        return tuple(part.casefold() for part in self.parts)

    @property
    def full(self) -> str:
        """With host, namespace and tag: registry.ollama.ai/library/smollm2:135m."""
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def short(self) -> str:
        """Without the default host and namespace, always with the tag: smollm2:135m."""
        own_host = self.host.casefold() != HOST
        own_namespace = own_host or self.namespace.casefold() != NAMESPACE
        prefix = (f"{self.host}/" if own_host else "") + (f"{self.namespace}/" if own_namespace else "")
        return f"{prefix}{self.model}:{self.tag}"

    def __str__(self) -> str:
        return self.short
