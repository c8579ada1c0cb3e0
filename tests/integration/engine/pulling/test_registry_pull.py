"""Pulling over Ollama's protocol, from a real HTTP server that misbehaves."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.engine.errors import EngineError, PullError
from lab.engine.pull import TRIES, pull

WEIGHTS = random.Random(1).randbytes(3_000_000)
HALF = len(WEIGHTS) // 2


@pytest.fixture
def digest(registry):
    return registry.add("library/tiny:latest", WEIGHTS, system="Be brief.", license="MIT")


def fetch(store, registry, name="tiny", **options):
    return list(pull(store, name, registry=registry.url, stall=options.pop("stall", 5), **options))


def leftovers(store):
    return [path.name for path in store.blobs.glob("*partial*")]


@pytest.mark.parametrize("redirects", [False, True], ids=["plain 200", "redirect"])
def test_model_arrives_whole(store, registry, digest, redirects):
    registry.redirects = redirects
    statuses = fetch(store, registry)
    assert statuses[0] == {"status": "pulling manifest"} and statuses[-1] == {"status": "success"}
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS
    assert store.get("tiny").system == "Be brief."
    assert not leftovers(store)


def test_progress_counts_up_to_the_total(store, registry, digest):
    told = [status for status in fetch(store, registry) if status.get("digest") == digest]
    sizes = [status.get("completed", 0) for status in told]
    assert sizes == sorted(sizes)
    assert told[-1] == {"status": f"pulling {digest[7:19]}", "digest": digest, "total": len(WEIGHTS), "completed": len(WEIGHTS)}


def test_manifest_is_kept_byte_for_byte(store, registry, digest):
    spaced = registry.manifests["/v2/library/tiny/manifests/latest"].replace(b",", b" ,\n")
    registry.manifests["/v2/library/tiny/manifests/latest"] = spaced
    fetch(store, registry)
    assert (store.manifests / "registry.ollama.ai/library/tiny/latest").read_bytes() == spaced


def test_second_pull_asks_for_no_blob(store, registry, digest):
    fetch(store, registry)
    registry.log.clear()
    fetch(store, registry)
    assert [path for path, _ in registry.log] == ["/v2/library/tiny/manifests/latest"]


def test_broken_connection_is_taken_up_where_it_ended(store, registry, digest):
    registry.break_after = HALF
    fetch(store, registry)
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS
    assert registry.gets(digest) == ["", f"bytes={HALF}-"]


def test_server_without_ranges_sends_all_of_it_again(store, registry, digest):
    registry.break_after, registry.ranges = HALF, False
    fetch(store, registry)
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


def test_stalled_connection_is_replaced(store, registry, digest):
    registry.stall_after = HALF
    fetch(store, registry, stall=0.3)
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS
    assert registry.gets(digest) == ["", f"bytes={HALF}-"]


def test_server_that_never_sends_is_given_up_and_a_part_is_kept(store, registry, digest):
    fetched = pull(store, "tiny", registry=registry.url, stall=5)
    registry.break_after = HALF
    next(fetched), next(fetched)  # some bytes have come
    registry.break_after, registry.always_breaks = 0, True
    with pytest.raises(PullError, match="max retries exceeded") as raised:
        list(fetched)
    assert "pull again" in raised.value.hint
    assert len(registry.gets(digest)) == TRIES + 1
    registry.break_after = None
    fetch(store, registry)
    assert registry.gets(digest)[-1] == f"bytes={HALF}-"
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


@pytest.mark.parametrize("lie", [WEIGHTS[:-1] + b"x", WEIGHTS[:1000], WEIGHTS + b"more"], ids=["other bytes", "fewer bytes", "more bytes"])
def test_wrong_digest_leaves_nothing_behind(store, registry, digest, lie):
    registry.blobs[digest] = lie
    with pytest.raises(PullError, match=f"digest mismatch, file must be downloaded again: want {digest}, got sha256:"):
        fetch(store, registry)
    assert store.list() == [] and not list(store.blobs.iterdir())
    registry.blobs[digest] = WEIGHTS
    fetch(store, registry)
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


def test_damaged_part_of_an_earlier_pull_does_not_poison_the_next(store, registry, digest):
    store.blobs.mkdir(parents=True)
    store.partial_path(digest).write_bytes(b"rubbish" * 1000)
    with pytest.raises(PullError, match="digest mismatch"):
        fetch(store, registry)
    fetch(store, registry)
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


def test_part_that_is_already_whole_is_taken(store, registry, digest):
    store.blobs.mkdir(parents=True)
    store.partial_path(digest).write_bytes(WEIGHTS)
    fetch(store, registry)
    assert registry.gets(digest) == []


def test_unknown_model_has_ollamas_words(store, registry):
    with pytest.raises(PullError) as raised:
        fetch(store, registry, "nope")
    assert raised.value.message == "pull model manifest: file does not exist"
    assert not store.root.exists()


def test_token_is_fetched_when_asked_for(store, registry, digest):
    registry.token = "secret"
    fetch(store, registry)
    assert "/token?service=here&scope=repository%3Ax%3Apull" in [path for path, _ in registry.log]
    assert store.get("tiny")


def test_token_is_not_shown_to_another_host(store, registry, digest):
    registry.token, registry.redirects = "secret", True
    fetch(store, registry)
    elsewhere = [headers for path, headers in registry.log if path.startswith("/cdn")]
    assert elsewhere and not any("Authorization" in headers for headers in elsewhere)


@pytest.mark.parametrize("manifest", [b"<html>", b"{}", b'{"config":{"mediaType":"x","digest":"../../x","size":1},"layers":[]}'])
def test_what_is_no_manifest_is_refused(store, registry, manifest):
    registry.manifests["/v2/library/odd/manifests/latest"] = manifest
    with pytest.raises(EngineError, match="invalid"):
        fetch(store, registry, "odd")
    assert store.list() == []


def test_missing_blob_ends_the_pull(store, registry, digest):
    del registry.blobs[digest]
    with pytest.raises(PullError, match="404"):
        fetch(store, registry)
    assert store.list() == []


def test_registry_that_is_not_there_is_named(store, free_port):
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(PullError, match="pull model manifest: Get") as raised:
        list(pull(store, "tiny", registry=url))
    assert url in raised.value.hint


def test_host_in_the_name_wins_over_the_setting(store, registry, free_port):
    registry.add("me/tiny:1", WEIGHTS)
    host = registry.url.removeprefix("http://")
    list(pull(store, f"{host}/me/tiny:1", insecure=True, registry=f"http://127.0.0.1:{free_port()}"))
    assert store.get(f"{host}/me/tiny:1").name == f"{host}/me/tiny:1"


def test_http_in_a_name_needs_insecure(store, registry):
    with pytest.raises(PullError, match="insecure protocol http"):
        list(pull(store, f"{registry.url}/me/tiny:1"))


def test_replaced_model_leaves_no_old_layer(store, registry, digest):
    fetch(store, registry)
    registry.add("library/tiny:latest", WEIGHTS[::-1])
    statuses = [status["status"] for status in fetch(store, registry)]
    assert statuses[-2:] == ["removing unused layers", "success"]
    assert not store.has_blob(digest)


def test_pulls_of_the_same_model_at_once_fetch_each_blob_once(store, registry, digest):
    registry.slow = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        pulls = [pool.submit(fetch, store, registry) for _ in range(4)]
        registry.slow.set()
        assert all(done.result()[-1] == {"status": "success"} for done in pulls)
    assert len(registry.gets(digest)) == 1
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


def test_pull_that_was_left_can_be_continued_by_another(store, registry, digest):
    registry.slow = threading.Event()
    left = pull(store, "tiny", registry=registry.url)
    assert next(left) and "digest" in next(left)
    left.close()
    registry.slow.set()
    fetch(store, registry)
    assert registry.gets(digest)[1].startswith("bytes=")
    assert store.get("tiny").gguf.read_bytes() == WEIGHTS


def test_host_with_an_impossible_port_is_a_clear_error(store):
    with pytest.raises(PullError, match=r"pull model manifest: .*Invalid port"):
        list(pull(store, "foo:abc/ns/m"))
