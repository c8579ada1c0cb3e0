"""Models on disk, in Ollama's layout: manifests/HOST/NAMESPACE/MODEL/TAG and blobs/sha256-HEX.

Safe for many threads of one process. A process killed at any moment leaves the store usable: what is not finished has
another name than what is.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lab.engine.blobs import PARTIAL, Blobs
from lab.engine.errors import EngineError, ModelMissing
from lab.engine.manifest import Manifest
from lab.engine.model import Model, read_layers
from lab.engine.names import Name

log = logging.getLogger("lab.engine")

KEEP_PARTIAL = 24 * 3600  # seconds that an interrupted download can be resumed
_BLOB = re.compile(r"sha256-[0-9a-f]{64}")


class Store(Blobs):
    """The models below one folder, and their blobs."""

    def __init__(self, root: Path):
        super().__init__(root)
        self.manifests = root / "manifests"
        self.lock = threading.RLock()  # held while manifests change and while blobs are removed

    # --- models ---

    def list(self) -> "list[Model]":
        """All models, newest first. A manifest that cannot be read is left out, as Ollama does."""
        models = []
        for name in self._names():
            with suppress(EngineError):
                models.append(self._read(name))
        return sorted(models, key=lambda model: model.modified_at, reverse=True)

    def get(self, name: str) -> Model:
        """The model called `name`, in any case. Raises InvalidName, ModelMissing, or EngineError when it is damaged."""
        found = self.find(name)
        if not found:
            raise ModelMissing(name)
        return self._read(found)

    def find(self, name: str) -> Name | None:
        """The stored name that equals `name` apart from case, or None. Raises InvalidName."""
        wanted = Name.parse(name)
        if self._manifest_path(wanted).is_file():
            return wanted
        return next((stored for stored in self._names() if stored.key == wanted.key), None)

    def copy(self, src: str, dst: str) -> None:
        """Give the model `src` a second name. Raises InvalidName and ModelMissing."""
        with self.lock:
            Name.parse(dst)
            found = self.find(src)
            if not found:
                raise ModelMissing.for_copy(src)
            self.write_manifest(dst, self._manifest_path(found).read_bytes())

    def delete(self, name: str) -> Name:
        """Remove the model, a damaged one too, and those of its blobs that no other model uses. Returns its stored name."""
        with self.lock, self.disk_errors():
            found = self.find(name)
            if not found:
                raise ModelMissing(name)
            used = self._digests(found)
            path = self._manifest_path(found)
            path.unlink()
            for folder in list(path.parents)[:3]:  # model, namespace, host
                with suppress(OSError):
                    folder.rmdir()
            self.discard(used)
            return found

    def prune(self) -> None:
        """Remove blobs that no model uses, and downloads that nobody has continued for a day. What cannot be removed stays."""
        with self.lock:
            used = self._used_digests()
            if used is None:
                return
            for path in self.blobs.glob("*"):
                if _is_stale(path, used):
                    _remove(path)
            for path in self.manifests.glob("*/*/*/.*"):  # left by a process that was killed
                _remove(path)

    def discard(self, digests: Iterable[str]) -> None:
        """Remove those of the blobs that no model uses."""
        with self.lock:
            used = self._used_digests()
            for digest in set(digests) - used if used is not None else ():
                _remove(self.blob_path(digest))

    # --- manifests ---

    def write_manifest(self, name: str, data: bytes) -> set[str]:
        """Make `name` the model of this manifest, at once or not at all.

        Returns the digests that only the replaced model may have used; `discard` removes them.
        Raises EngineError when a blob of the manifest is not stored.
        """
        manifest = Manifest.parse(data)
        with self.lock:
            missing = [layer.digest for layer in manifest.blobs if not self.has_blob(layer.digest)]
            if missing:
                raise EngineError(500, f"the store has no blob {missing[0]}", f"Pull the model again: ollama pull {name}")
            existing = self.find(name)
            replaced = self._digests(existing) if existing else set()
            self._write_file(self._manifest_path(existing or Name.parse(name)), data)
            return replaced - {layer.digest for layer in manifest.blobs}

    def _write_file(self, path: Path, data: bytes) -> None:
        """A reader sees the old file or the new one, never a part. A leading dot keeps the new one out of the list."""
        with self.new_file(path.parent, ".") as partial:
            partial.write_bytes(data)
            partial.replace(path)

    def _names(self) -> Iterator[Name]:
        for path in sorted(self.manifests.glob("*/*/*/*")):
            name = Name.of_parts(path.relative_to(self.manifests).parts)
            if name:
                yield name

    def _manifest_path(self, name: Name) -> Path:
        return self.manifests.joinpath(*name.parts)

    def _read(self, name: Name) -> Model:
        path = self._manifest_path(name)
        try:
            data, modified = path.read_bytes(), path.stat().st_mtime
            manifest = Manifest.parse(data)
            fields = read_layers(manifest, self.blob_path)
            weights = next(layer.digest for layer in manifest.layers if layer.kind == "model")
        except (OSError, ValueError, StopIteration, EngineError) as error:
            reason = getattr(error, "message", "") or getattr(error, "strerror", "") or str(error) or "it has no weights"
            hint = f"Pull or create it again, or remove it: ollama rm {name}"
            raise EngineError(500, f"model '{name}' is damaged: {reason}", hint) from error
        return Model(
            name=name.short,
            full_name=name.full,
            digest=hashlib.sha256(data).hexdigest(),
            size=manifest.size,
            modified_at=datetime.fromtimestamp(modified, UTC),
            gguf=self.blob_path(weights),
            manifest=manifest,
            **fields,
        )

    def _digests(self, name: Name) -> set[str]:
        """Digests of one model; none when its manifest is damaged."""
        with suppress(EngineError):
            return {layer.digest for layer in Manifest.parse(self._manifest_path(name).read_bytes()).blobs}
        return set()

    def _used_digests(self) -> set[str] | None:
        """Digests of all models; None when a manifest is damaged: what that model needs is not known, so nothing may be removed."""
        used: set[str] = set()
        for path in self.manifests.glob("*/*/*/[!.]*"):
            if path.is_dir():
                continue
            try:
                used |= {layer.digest for layer in Manifest.parse(path.read_bytes()).blobs}
            except (OSError, EngineError) as error:
                log.warning("corrupt manifests detected, skipping prune operation: %s: %s", path, error)
                return None
        return used


def _is_stale(path: Path, used: set[str]) -> bool:
    """Whether a file among the blobs has no use. What is named like no blob belongs to somebody else."""
    with suppress(OSError):
        if PARTIAL in path.name:
            return time.time() - path.stat().st_mtime > KEEP_PARTIAL
    return bool(_BLOB.fullmatch(path.name)) and path.name.replace("-", ":", 1) not in used


def _remove(path: Path) -> None:
    try:
        if path.is_file():
            path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("cannot remove %s: %s", path, error.strerror)
