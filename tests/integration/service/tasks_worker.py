"""Workers whose tasks do no real work: they note in a SQLite file what they do.

A document's text says what happens to it: "wrong" is refused, "away" fails as a service does, "slow" takes long,
"deadly" ends the process, "broken" is a mistake in the code.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing

import celery.bin.celery
import celery.worker.worker  # noqa: F401  here, so that it is imported once

from lab.errors import InputError, ServiceError
from lab.service.tasks import __main__ as worker
from lab.service.tasks import work

TABLES = """
create table if not exists chunks (document text, number integer, text text, primary key (document, number));
create table if not exists begun (document text, at real, process integer);
"""
CHUNKS = 3  # of each document, stored one after the other: whoever is killed in between leaves it half done


def index(documents, collection):
    for document in documents:
        _index(document["id"], document["text"])
    return {"status": "success", "documents": len(documents), "indexed": CHUNKS * len(documents), "problems": []}


def _index(name, text):
    with closing(sqlite3.connect(FILE, timeout=30, isolation_level=None)) as database:
        database.execute("insert into begun values (?, ?, ?)", (name, time.time(), os.getpid()))
        _misbehave(text)
        for number in range(CHUNKS):
            time.sleep(SECONDS / CHUNKS)
            database.execute("insert or replace into chunks values (?, ?, ?)", (name, number, text))


def _misbehave(text):
    if text == "wrong":
        raise InputError("Its headings are too long.")
    if text == "away":
        raise ServiceError("Chroma at 10.0.0.7 does not answer.")
    if text == "broken":
        raise KeyError("secret place in the code")
    if text == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "slow":
        time.sleep(60)


def answer(request):
    time.sleep(SECONDS)
    return {"answer": request["query"], "state": "quoted", "sources": [], "processing_time": SECONDS, "timings": {}}


def serve():
    """Be a worker for each line of standard input: [log, file, seconds, options...]. Importing takes seconds, a fork does not."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    for line in sys.stdin:
        log, *arguments = json.loads(line)
        if process := os.fork():
            print(process, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # so that a worker can be ended with all it started
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(out, stream.fileno())
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        work_as(*arguments)
        os._exit(0)


def work_as(file, seconds, *options):
    global FILE, SECONDS
    FILE, SECONDS = file, float(seconds)
    with closing(sqlite3.connect(FILE, timeout=30)) as made:
        made.executescript("pragma journal_mode=wal;" + TABLES)
    work.index, work.answer = index, answer
    worker.load = lambda: None  # the libraries of a pipeline take seconds
    worker.main(list(options))


if __name__ == "__main__":
    serve()
