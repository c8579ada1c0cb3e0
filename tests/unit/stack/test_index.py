"""Asking whether there is anything to search, against a small server in Chroma's place."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from lab.errors import InputError, ServiceError
from lab.settings import load_settings
from lab.stack.index import require_index


@pytest.fixture
def chroma():
    """Answers with what `server.answers` has for the end of a path, else 404."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            found = next((body for end, body in self.server.answers.items() if self.path.endswith(end)), None)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_):
            """Keeps the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    server.answers = {"/heartbeat": {"nanosecond heartbeat": 1}}
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_missing_collection_is_told(chroma):
    with pytest.raises(InputError, match="Nothing is indexed yet in the collection handbook"):
        require_index(load_settings(chroma_port=chroma.server_port))


def test_an_empty_collection_is_told(chroma):
    chroma.answers |= {"/handbook": {"id": "7"}, "/7/count": 0}
    with pytest.raises(InputError, match="Nothing is indexed yet"):
        require_index(load_settings(chroma_port=chroma.server_port))


def test_a_collection_with_chunks_is_accepted(chroma):
    chroma.answers |= {"/handbook": {"id": "7"}, "/7/count": 3}
    require_index(load_settings(chroma_port=chroma.server_port))


def test_a_server_whose_count_fails_is_left_to_the_pipeline(chroma):
    chroma.answers |= {"/handbook": {"id": "7"}}
    require_index(load_settings(chroma_port=chroma.server_port))


def test_a_server_that_listens_and_does_not_answer_is_left_to_the_pipeline(chroma):
    chroma.answers = {}
    require_index(load_settings(chroma_port=chroma.server_port))


def test_no_server_is_told_with_its_address(free_port):
    port = free_port()
    with pytest.raises(ServiceError, match=f"Chroma does not answer at http://127.0.0.1:{port}"):
        require_index(load_settings(chroma_port=port))


@pytest.mark.parametrize("store", ["chroma-embedded", "memory"])
def test_stores_without_a_server_are_left_to_the_pipeline(store, free_port):
    require_index(load_settings(vector_store=store, chroma_port=free_port()))


def test_looking_loads_none_of_the_large_libraries():
    large = {"langchain_core", "chromadb", "numpy", "httpx", "ollama"}
    code = f"import sys, lab.cli.ask; print(sorted({large} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60).stdout.strip() == "[]"
