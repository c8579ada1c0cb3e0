import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from lab.errors import ServiceError, SettingError
from lab.rag.rerank import EndpointReranker, reorder, reranker
from lab.rag.rerank_sentences import SentenceReranker
from lab.rag.retrieve import Hit

NAN = b'{"results": [{"index": 0, "relevance_score": NaN}]}'
HITS = [Hit(name, f"Passage {name}.", "a.md", "A > B", "A", 0.5, 0.5) for name in "abc"]


@pytest.fixture
def server():
    """A rerank server that answers with `server.body`, and remembers what it was asked."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.path = self.path
            self.server.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(self.server.code)
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *_):
            """Keeps the test's output clean."""

    httpd = HTTPServer(("127.0.0.1", 0), Answers)
    httpd.code, httpd.body = 200, b"{}"
    thread = Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def endpoint(server, changed):
    return EndpointReranker(changed(rerank="endpoint", rerank_url=f"http://127.0.0.1:{server.server_port}/v1/", rerank_model="m"))


def test_the_endpoint_gets_question_and_passages_with_their_headings(server, endpoint):
    server.body = json.dumps({"results": [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": -3}]}).encode()
    assert endpoint.score("Which?", HITS) == [-3, -4, 0.9]
    assert server.path == "/v1/rerank"
    assert server.asked["documents"][0] == "A > B\nPassage a."
    assert (server.asked["query"], server.asked["model"], server.asked["top_n"]) == ("Which?", "m", 3)


@pytest.mark.parametrize("body", [b"no json", b"{}", b'{"results": [{"index": 0}]}', b"[]", b'{"results": null}', NAN])
def test_an_answer_that_is_no_ranking_names_the_settings(server, endpoint, body):
    server.body = body
    with pytest.raises(ServiceError, match="is no reranker") as error:
        endpoint.score("Which?", HITS)
    assert "RERANK_URL" in error.value.hint


@pytest.mark.parametrize(("code", "said"), [(404, "has no such route"), (503, "answered 503")])
def test_a_server_without_reranking_says_so(server, endpoint, code, said):
    server.code = code
    with pytest.raises(ServiceError, match=said):
        endpoint.score("Which?", HITS)


def test_a_server_that_is_away_says_so(changed, free_port):
    settings = changed(rerank="endpoint", rerank_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ServiceError, match="No reranker answers"):
        EndpointReranker(settings).score("Which?", HITS)


@pytest.mark.parametrize(
    "address", ["http://reader:secret@127.0.0.1:{port}", "http://reader:secret@127.0.0.1:{port}x", "http://reader:secret/@127.0.0.1"]
)
def test_a_password_in_the_address_is_not_shown(changed, free_port, address):
    settings = changed(rerank="endpoint", rerank_url=address.format(port=free_port()))
    with pytest.raises(ServiceError) as error:
        EndpointReranker(settings).score("Which?", HITS)
    assert "secret" not in f"{error.value} {error.value.hint}"


def test_an_endpoint_without_an_address_names_the_setting(changed):
    with pytest.raises(SettingError, match="RERANK_URL is empty"):
        reranker(changed(rerank="endpoint"), None, None)


def test_without_reranking_there_is_no_reranker(settings):
    assert reranker(settings, None, None) is None


def test_equal_scores_keep_their_order():
    hits, order = reorder(HITS, [1.0, 2.0, 1.0])
    assert [hit.id for hit in hits] == ["b", "a", "c"]
    assert order == [("b", 2.0), ("a", 1.0), ("c", 1.0)]


def test_the_passage_with_the_nearest_sentence_comes_first(make_embedder):
    texts = ("Ports are published. Networks have names.", "Networks have names. A named volume is kept.", "docker ps\n")
    hits = [Hit(str(place), text, "a.md", "A", "A", 0.5, 0.0) for place, text in enumerate(texts)]
    scores = SentenceReranker(make_embedder()).score("Is a named volume kept?", hits)
    assert scores.index(max(scores)) == 1


def test_no_passage_gives_no_score(make_embedder):
    assert SentenceReranker(make_embedder()).score("Which port?", []) == []


def test_sentences_need_no_other_model(changed, make_embedder):
    assert isinstance(reranker(changed(rerank="sentences"), None, make_embedder()), SentenceReranker)
