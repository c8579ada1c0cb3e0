"""A healthy start is no promise: what happens when a dependency stops later, and what stays after `down`."""

import httpx


def ready(lab):
    try:
        return lab.get("api", "/ready").status_code
    except httpx.TransportError:
        return 0


def chunks(lab):
    found = lab.get("chroma", "/api/v2/tenants/default_tenant/databases/default_database/collections").json()[0]
    path = f"/api/v2/tenants/default_tenant/databases/default_database/collections/{found['id']}/count"
    return lab.get("chroma", path).json()


def models(lab):
    return {model["name"] for model in lab.get("ollama", "/api/tags").json()["models"]}


def test_the_api_says_that_chroma_is_away_and_recovers_by_itself(lab, wait_until):
    lab.do("stop", "chroma")
    try:
        wait_until(lambda: ready(lab) == 503, "the API to miss Chroma")
        assert lab.get("api", "/ready").json()["checks"]["chroma"] == "away"
        assert lab.get("api", "/health").status_code == 200
        answer = lab.post("api", "/rag", {"query": "Which port does Chroma listen on?"})
        assert (answer.status_code, "chroma:8000" in answer.text) == (503, False)
    finally:
        lab.do("start", "chroma")
    wait_until(lambda: ready(lab) == 200, "the API to find Chroma again", timeout=60)
    assert lab.post("api", "/rag", {"query": "Which port does Chroma listen on?"}).status_code == 200


def test_documents_models_and_the_token_survive_down_and_up(lab):
    before = chunks(lab), models(lab), lab.do("exec", "--no-TTY", "jupyter", "cat", "/home/lab/jupyter_token")
    lab.do("down")
    assert lab.containers() == {}
    lab.do("up", "--wait", "--wait-timeout", "200")
    assert (chunks(lab), models(lab), lab.do("exec", "--no-TTY", "jupyter", "cat", "/home/lab/jupyter_token")) == before
    assert before[0] > 20
    assert {"smollm2:135m", "all-minilm:latest"} <= before[1]
    assert "is copied" not in lab.do("logs", "handover")  # the sandbox kept its images
