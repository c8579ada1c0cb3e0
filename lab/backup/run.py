"""`lab backup` and `lab restore` as functions."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lab import __version__
from lab.backup.archive import Archive, read_archive, write_archive
from lab.backup.chroma import Show, load_collections, require_space, save_collections
from lab.backup.models import fetch_models, list_models
from lab.backup.queue import MEMBER, load_tasks, save_tasks
from lab.errors import ServiceError
from lab.settings import Settings


@dataclass
class Contents:
    """What a backup holds, and what a restore did not bring back."""

    file: str
    bytes: int
    made: str
    collections: dict[str, int]  # name to records
    models: list[str]
    tasks: int  # keys of waiting tasks and results
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.file}, {self.bytes / 1e6:.1f} MB, made {self.made}"]
        lines += [f"  {name}: {count} records" for name, count in self.collections.items()] or ["  no collection"]
        lines += [f"  models (names and digests): {', '.join(self.models) or 'none'}"]
        lines += [f"  tasks and results: {self.tasks} keys"] if self.tasks else []
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def back_up(settings: Settings, path: Path, show: Show, force: bool = False) -> Contents:
    """Everything that the lab's services keep, in one file. Raises LabError; a file that was there before is then as it was."""
    with write_archive(path, force) as writer:
        collections = save_collections(settings, writer, show)
        models, notes = _models(settings)
        tasks = save_tasks(settings, writer) if settings.has_redis else None
        manifest = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {"slipway-lab": __version__, "chromadb": version("chromadb")},
            "collections": collections,
            "models": models,
            "tasks": tasks,
        }
        writer.finish(manifest)
    return _contents(path, manifest, notes)


def _models(settings: Settings) -> tuple[list[dict[str, Any]], list[str]]:
    """A model server that is away is no reason to have no backup: nothing that only it has is in one."""
    try:
        return list_models(settings), []
    except ServiceError as error:
        return [], [f"without the list of models: {error.what}"]


def check(path: Path) -> Contents:
    """What a backup holds, after comparing all of it with its checksums. Raises InputError when it is damaged."""
    with read_archive(path) as archive:
        return _contents(path, archive.manifest, [])


def restore(settings: Settings, path: Path, show: Show, force: bool = False) -> Contents:
    """Bring everything back. Nothing is touched before the whole file was checked and there is room for all of it."""
    with read_archive(path) as archive:
        require_space(settings, archive, force)
        notes = _restore_tasks(settings, archive, force)
        load_collections(settings, archive, show)
        try:
            notes += fetch_models(settings, archive.manifest["models"], show)
        except ServiceError as error:
            notes.append(f"without models: {error.what} Repeat with --force when it is back.")
        return _contents(path, archive.manifest, notes)


def _restore_tasks(settings: Settings, archive: Archive, force: bool) -> list[str]:
    if archive.manifest["tasks"] is None:
        return []
    if not settings.has_redis:
        return [f"the tasks in {MEMBER} stay there: this lab has no Redis (profile production, or REDIS_URL)"]
    load_tasks(settings, archive, force)
    return []


def _contents(path: Path, manifest: dict[str, Any], notes: list[str]) -> Contents:
    return Contents(
        str(path),
        path.stat().st_size,
        manifest["made"],
        {one["name"]: one["count"] for one in manifest["collections"]},
        [one["name"] for one in manifest["models"]],
        manifest["tasks"] or 0,
        notes,
    )
