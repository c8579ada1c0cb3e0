"""Experiments, who saw what, and the results, in one SQLite file that several processes write at once.

In WAL mode readers don't wait for writers, a process that is killed loses nothing that was recorded, and the file is never
half written. A machine that loses its power may lose the last moments: `synchronous=NORMAL` does not wait for the disk.
The folder must be on a disk of this machine: WAL does not work over a network.
"""

import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lab.errors import InputError
from lab.evaluate.ab.experiment import Experiment

PATIENCE = 30.0  # seconds that a writer waits for another one
SCHEMA = """
CREATE TABLE IF NOT EXISTS experiments (name TEXT, version INTEGER, definition TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (name, version));
CREATE TABLE IF NOT EXISTS exposures (place INTEGER PRIMARY KEY, name TEXT, version INTEGER, user TEXT, variant TEXT NOT NULL,
    at REAL NOT NULL, UNIQUE (name, version, user));
CREATE TABLE IF NOT EXISTS results (place INTEGER PRIMARY KEY, name TEXT, version INTEGER, variant TEXT NOT NULL, user TEXT NOT NULL,
    metric TEXT NOT NULL, value REAL NOT NULL, why TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS results_of ON results (name, version);
"""


class Exposure(NamedTuple):
    """A user met a variant for the first time, `at` this moment."""

    user: str
    variant: str
    at: float


class Result(NamedTuple):
    """One figure of one question. `why` says what failed, where something failed; `at` is noted by the store."""

    variant: str
    user: str
    metric: str
    value: float
    why: str = ""
    at: float = 0.0


def finite(metric: str, value: float) -> float:
    """The value as a number that can be averaged. Raises InputError."""
    if not math.isfinite(value):
        raise InputError(f"{metric} is {value}.", "Record a finite number, and a failure as failed = 1.")
    return float(value)


class Store:
    """Opens its file when first needed. Every method raises InputError when the file cannot be used."""

    def __init__(self, file: Path):
        self.file = file
        self._own = threading.local()

    def define(self, experiment: Experiment) -> str:
        """Store a definition unless this version has one; gives the one that is stored."""
        key = (experiment.name, experiment.version)
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO experiments VALUES (?, ?, ?, ?)", (*key, experiment.definition(), time.time()))
            (stored,) = database.execute("SELECT definition FROM experiments WHERE name = ? AND version = ?", key).fetchone()
        return str(stored)

    def experiments(self) -> list[Experiment]:
        """The newest version of each experiment."""
        query = "SELECT name, max(version), definition FROM experiments GROUP BY name ORDER BY name"
        return [Experiment.stored(*row) for row in self._read(query)]

    def expose(self, experiment: Experiment, user: str, variant: str) -> None:
        """Note that a user met a variant; the first time counts."""
        row = (experiment.name, experiment.version, user, variant, time.time())
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO exposures (name, version, user, variant, at) VALUES (?, ?, ?, ?, ?)", row)

    def record(self, results: Iterable[tuple[Experiment, Result]]) -> None:
        """Store results: all of them or none."""
        now = time.time()
        rows = [(of.name, of.version, *result._replace(at=now)) for of, result in results]
        insert = "INSERT INTO results (name, version, variant, user, metric, value, why, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        with self._writing() as database:
            database.executemany(insert, rows)

    def exposed(self, experiment: Experiment) -> list[Exposure]:
        """Users with their variants, in the order in which they came."""
        query = "SELECT user, variant, at FROM exposures WHERE name = ? AND version = ? ORDER BY place"
        return [Exposure(*row) for row in self._read(query, experiment.name, experiment.version)]

    def results(self, experiment: Experiment) -> list[Result]:
        """Results in the order in which they came."""
        query = "SELECT variant, user, metric, value, why, at FROM results WHERE name = ? AND version = ? ORDER BY place"
        return [Result(*row) for row in self._read(query, experiment.name, experiment.version)]

    def close(self) -> None:
        """Close this thread's connection; the next call opens another one."""
        if database := getattr(self._own, "database", None):
            database.close()
            self._own.database = None

    def _read(self, query: str, *values: str | int) -> list[tuple]:
        with self._told():
            return self._database().execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. IMMEDIATE takes the lock first, so that nobody waits for what somebody else waits for."""
        with self._told():
            database = self._database()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.rollback()
                raise
            database.commit()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = "Free the disk, or name a file of your own that can be written: ABTestManager(file)."
            raise InputError(f"The results in {self.file} cannot be used ({error}).", hint) from error

    def _database(self) -> sqlite3.Connection:
        """This thread's connection. A forked child opens its own: SQLite's locks do not survive a fork."""
        own = self._own
        if getattr(own, "database", None) is None or own.process != os.getpid():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            own.database = _open(self.file)
            own.process = os.getpid()
        database: sqlite3.Connection = own.database
        return database


def _open(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    database.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE)}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
    return database
