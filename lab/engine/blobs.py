"""Blobs: files named by the sha256 of their bytes. What is not finished has another name than what is."""

import errno
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.engine.errors import DigestMismatch, EngineError
from lab.engine.manifest import check_digest

PARTIAL = "-partial"  # in the names of unfinished blobs
CHUNK = 1 << 20  # bytes read at once


_FREE = "Free some space, or set OLLAMA_MODELS to a folder on a larger disk; then repeat the command."
_ELSEWHERE = "Set OLLAMA_MODELS to a folder that you may write to."
_DISK_ERRORS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), ("no space left on device", _FREE)),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), ("permission denied", _ELSEWHERE)),
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST, errno.EISDIR), ("the models folder cannot be used, a file is in its way", _ELSEWHERE)),
}


class BlobWriter:
    """A blob in the making: counts and hashes what is written, and goes on where an earlier one ended."""

    def __init__(self, path: Path):
        self.path = path
        self.file = path.open("a+b")
        self.file.seek(0)
        self.size = 0
        self.hasher = hashlib.sha256()
        while chunk := self.file.read(CHUNK):
            self._count(chunk)

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        self.file.write(chunk)
        self._count(chunk)

    def restart(self) -> None:
        """Forget everything written so far."""
        self.file.truncate(0)
        self.size = 0
        self.hasher = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Digest of the bytes so far."""
        return f"sha256:{self.hasher.hexdigest()}"

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.hasher.update(chunk)


class Blobs:
    """The folder `blobs` of a store."""

    def __init__(self, root: Path):
        self.root = root
        self.blobs = root / "blobs"
        self._locks: dict[str, threading.Lock] = {}

    def blob_path(self, digest: str) -> Path:
        """Where the blob is, or would be. Raises EngineError for what is no sha256 digest."""
        return self.blobs / check_digest(digest).replace(":", "-")

    def partial_path(self, digest: str) -> Path:
        """Where a download of the blob grows, as Ollama names it."""
        return self.blobs / f"{self.blob_path(digest).name}{PARTIAL}"

    def has_blob(self, digest: str) -> bool:
        """Whether the blob is stored, complete and checked."""
        return self.blob_path(digest).is_file()

    def lock_of(self, digest: str) -> threading.Lock:
        """The lock that whoever makes this blob holds: two threads never write the same one."""
        return self._locks.setdefault(digest, threading.Lock())

    def write_blob(self, chunks: Iterable[bytes], digest: str) -> Path:
        """Store the bytes under their digest. Raises DigestMismatch; then, as after any other error, nothing is left behind."""
        with self.new_blob(digest) as blob:
            for chunk in chunks:
                blob.write(chunk)
        return self.blob_path(digest)

    def add_blob(self, data: bytes) -> str:
        """Store the bytes and return their digest."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if not self.has_blob(digest):
            self.write_blob([data], digest)
        return digest

    @contextmanager
    def new_blob(self, digest: str) -> Iterator[BlobWriter]:
        """A blob to be written; after the block it is checked and stored. After an error nothing is left."""
        with self.new_file(self.blobs, f"{self.blob_path(digest).name}{PARTIAL}-") as path, self._finished(path, digest) as blob:
            yield blob

    @contextmanager
    def resumed_blob(self, digest: str) -> Iterator[BlobWriter]:
        """As `new_blob`, but beginning with what an interrupted download left, and leaving its part when interrupted again.

        A wrong digest and a full disk leave nothing.
        """
        path = self.partial_path(digest)
        try:
            with self.disk_errors():
                self.blobs.mkdir(parents=True, exist_ok=True)
                with self._finished(path, digest) as blob:
                    yield blob
        except EngineError as error:
            if isinstance(error, DigestMismatch) or isinstance(error.__cause__, OSError):
                path.unlink(missing_ok=True)
            raise

    @contextmanager
    def _finished(self, path: Path, digest: str) -> Iterator[BlobWriter]:
        blob = BlobWriter(path)
        try:
            yield blob
            blob.file.close()  # what the disk cannot take is noticed here at the latest
        finally:
            with suppress(OSError):
                blob.file.close()
        self.adopt_blob(path, digest, blob.digest)

    def adopt_blob(self, path: Path, digest: str, got: str) -> None:
        """Turn a finished file into the blob `digest`, when `got` (the digest of its bytes) says that it is that blob."""
        if check_digest(digest) != got:
            raise DigestMismatch(check_digest(digest), got)
        path.replace(self.blob_path(digest))

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
            reason, hint = _DISK_ERRORS.get(error.errno or 0, ("", ""))
            if not reason:
                raise
            raise EngineError(500, f"{reason}: {self.root}", hint) from error
