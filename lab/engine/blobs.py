"""Blobs: files named by the sha256 of their bytes. What is not finished has another name than what is."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.engine.errors import DigestMismatch, EngineError
from lab.engine.manifest import check_digest

PARTIAL = "-partial"  # in the names of unfinished blobs


class Blobs:
    """The folder `blobs` of a store."""

    def __init__(self, root: Path):
        self.root = root
        self.blobs = root / "blobs"

    def blob_path(self, digest: str) -> Path:
        """Where the blob is, or would be. Raises EngineError for what is no sha256 digest."""
        return self.blobs / check_digest(digest).replace(":", "-")

    def has_blob(self, digest: str) -> bool:
        """Whether the blob is stored, complete and checked."""
        return self.blob_path(digest).is_file()

    def write_blob(self, chunks: Iterable[bytes], digest: str) -> Path:
        """Store the bytes under their digest. Raises DigestMismatch; then, as after any other error, nothing is left behind."""
        target = self.blob_path(digest)
        with self.new_file(self.blobs, f"{target.name}{PARTIAL}-") as partial:
            hasher = hashlib.sha256()
            with partial.open("wb") as file:
                for chunk in chunks:
                    hasher.update(chunk)
                    file.write(chunk)
            self.adopt_blob(partial, digest, f"sha256:{hasher.hexdigest()}")
        return target

    def add_blob(self, data: bytes) -> str:
        """Store the bytes and return their digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if not self.has_blob(digest):
            self.write_blob([data], digest)
        return digest

    def adopt_blob(self, partial: Path, digest: str, got: str) -> None:
        """Turn a finished file into the blob `digest`, when `got` (the digest of its bytes) says that it is that blob."""
        if check_digest(digest) != got:
            partial.unlink(missing_ok=True)
            raise DigestMismatch(check_digest(digest), got)
        partial.replace(self.blob_path(digest))

    @contextmanager
    def new_file(self, folder: Path, prefix: str) -> Iterator[Path]:
        """An empty file in `folder` that is gone afterwards, unless it was renamed."""
        with self.disk_errors():
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=prefix, dir=folder)
            os.close(handle)
            path = Path(name)
            try:
                path.chmod(0o644)
                yield path
            finally:
                path.unlink(missing_ok=True)

    @contextmanager
    def disk_errors(self) -> Iterator[None]:
        """Turn a disk that is full or cannot be written into an EngineError with the next action."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                hint = "Free some space, or set OLLAMA_MODELS to a folder on a larger disk; then repeat the command."
                raise EngineError(500, f"no space left on device: {self.root}", hint) from error
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                hint = "Set OLLAMA_MODELS to a folder that you may write to."
                raise EngineError(500, f"permission denied: {self.root}", hint) from error
            raise
