"""One file with everything in it: a ZIP whose last member, `manifest.json`, has the size and SHA-256 of all others.

Members are read by their names in the manifest and never unpacked to paths, so a hostile name reaches no folder.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.errors import InputError

FORMAT = 1
MANIFEST = "manifest.json"
PIECE = 1 << 20
OTHER = "Take another backup, and look at the disk that this one was on."


class Writer:
    """Adds members; each is counted and hashed while it is written."""

    def __init__(self, file: zipfile.ZipFile):
        self._file = file
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """A member from pieces of bytes."""
        size, digest = 0, hashlib.sha256()
        with self._file.open(name, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def finish(self, manifest: dict[str, Any]) -> None:
        """The manifest, last: a file that broke off has none."""
        self._file.writestr(MANIFEST, json.dumps({"format": FORMAT, **manifest, "files": self.files}, ensure_ascii=False, indent=1))


@contextmanager
def write_archive(path: Path, force: bool = False) -> Iterator[Writer]:
    """A new archive, at its place when the block has ended well and not before. Only its owner may read it.

    Raises InputError when the file exists and `force` is false, or when it cannot be written.
    """
    if path.exists() and not force:
        raise InputError(f"{path} exists.", "Choose another name, or replace it with --force.")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", "Choose a folder that exists and belongs to you.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.", "Look at the space on its disk.") from error
    finally:
        Path(name).unlink(missing_ok=True)


class Archive:
    """An archive whose every byte has been compared with its manifest."""

    def __init__(self, path: Path, file: zipfile.ZipFile, manifest: dict[str, Any]):
        self.path = path
        self.manifest = manifest
        self._file = file

    def read(self, name: str) -> bytes:
        """A member as a whole."""
        return self._file.read(name)

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """JSON values of a member, one a line."""
        with self._file.open(name) as member:
            yield from map(json.loads, member)

    def check(self) -> None:
        """Compare all members with the manifest. Raises InputError for the first one that differs."""
        files = self.manifest["files"]
        if set(self._file.namelist()) != {*files, MANIFEST} or len(self._file.namelist()) != len(files) + 1:
            raise InputError(f"{self.path} holds other files than its list says.", OTHER)
        for name, expected in files.items():
            if self._measure(name, int(expected["bytes"])) != (expected["bytes"], expected["sha256"]):
                raise InputError(f"{self.path} is damaged: {name} is not what was written.", OTHER)

    def _measure(self, name: str, most: int) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        with self._file.open(name) as member:
            while size <= most and (piece := member.read(PIECE)):  # no more than was announced: a small file can unpack to gigabytes
                digest.update(piece)
                size += len(piece)
        return size, digest.hexdigest()


@contextmanager
def read_archive(path: Path) -> Iterator[Archive]:
    """An archive, wholly checked before anybody uses it. Raises InputError when it is none, or damaged."""
    try:
        with zipfile.ZipFile(path) as file:
            archive = Archive(path, file, _manifest(path, file))
            archive.check()
            yield archive
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "`lab backup FILE` makes one.") from error
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{path} is no backup, or a damaged one: {error}.", OTHER) from error
    except Exception as error:
        if type(error).__module__ == "zlib":  # its error has no other base than Exception
            raise InputError(f"{path} is damaged: {error}.", OTHER) from error
        raise


def _manifest(path: Path, file: zipfile.ZipFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(file.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise InputError(
            f"{path} has format {manifest['format']}; this version of the lab reads {FORMAT}.",
            "Use the version that wrote it, or a newer one.",
        )
    return manifest
