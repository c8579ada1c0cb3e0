"""The profile production as processes of this machine: Redis and a worker beside the RAG API."""

import json
import os
import signal

import httpx
import psutil
import pytest
import redis

PARTS = ("ollama", "chroma", "redis", "api", "worker", "jupyter")


@pytest.fixture(scope="module")
def production(tmp_path_factory, make_lab):
    """A lab with the profile, which the tests here share."""
    with make_lab(tmp_path_factory.mktemp("home")) as lab:
        assert lab.run("up", "--profile", "production").returncode == 0
        yield lab


def settings(lab):
    return json.loads((lab.home / "lab.json").read_text())["settings"]


def client(lab, database=0):
    return redis.Redis(port=int(lab.env["REDIS_PORT"]), password=settings(lab)["redis_password"], db=database, decode_responses=True)


def api(lab, method, path, **more):
    return httpx.request(method, f"http://127.0.0.1:{lab.env['API_PORT']}{path}", timeout=60, trust_env=False, **more)


def test_every_part_runs_and_the_profile_is_remembered(production):
    assert production.states() == dict.fromkeys(PARTS, "running")
    assert settings(production)["compose_profiles"] == "production"
    production.up()  # not told again
    assert production.states() == dict.fromkeys(PARTS, "running")


def test_the_api_counts_redis_among_what_it_needs(production):
    assert api(production, "GET", "/ready").json()["checks"]["redis"] == "ok"


def test_a_question_of_the_queue_is_answered_by_the_worker(production, wait_until):
    task = api(production, "POST", "/query_async", json={"query": "What is a named volume?"}).json()["task_id"]
    done = wait_until(lambda: (said := api(production, "GET", f"/task_status/{task}").json())["status"] == "completed" and said, "it", 60)
    assert done["result"]["sources"]
    assert task in production.run("logs", "worker").stdout


def test_what_redis_holds_survives_its_crash(production, wait_until):
    client(production).rpush("test", "one", "two")
    os.kill(production.pids()["redis"], signal.SIGKILL)
    wait_until(lambda: production.states()["redis"] == "died", "Redis to be told as died")
    production.up()
    assert client(production).lrange("test", 0, -1) == ["one", "two"]
    wait_until(lambda: production.states()["worker"] == "running", "the worker")


def test_a_killed_worker_is_told_and_replaced_alone(production, wait_until):
    before = production.pids()
    for process in (*psutil.Process(before["worker"]).children(recursive=True), psutil.Process(before["worker"])):
        process.kill()
    wait_until(lambda: production.states()["worker"] == "died", "the worker to be told as died")
    production.up()
    assert {name for name in PARTS if production.pids()[name] != before[name]} == {"worker"}


def test_redis_refuses_who_has_no_password_and_listens_here_only(production):
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(port=int(production.env["REDIS_PORT"])).ping()
    process = psutil.Process(production.pids()["redis"])
    assert {c.laddr.ip for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert not [word for word in process.cmdline() if settings(production)["redis_password"] in word]


def test_stopped_it_forgets_the_profile_and_keeps_data_and_password(production):
    password = settings(production)["redis_password"]
    said = production.run("down").stdout
    assert said == f"Stopped: {', '.join(PARTS)}.\n"
    assert settings(production).keys() == {"jupyter_token", "redis_password", "grafana_password"}
    assert settings(production)["redis_password"] == password
    assert (production.home / "redis" / "appendonlydir").exists() or (production.home / "redis" / "appendonly.aof").exists()


def test_a_redis_that_redis_url_names_is_used_and_not_stopped(lab, own_redis_server):
    lab.env |= {"REDIS_URL": own_redis_server.url, "COMPOSE_PROFILES": "production"}
    lab.up_quickly("redis", "api", "worker")
    assert sorted(lab.pids()) == ["api", "worker"]
    lab.run("down")
    assert redis.Redis.from_url(own_redis_server.url).ping()
