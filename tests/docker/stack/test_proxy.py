"""The filter before the engine's socket: hostile requests, and what it is there for."""

import json
from concurrent.futures import ThreadPoolExecutor

# Sent as they are, by a script in JupyterLab's container: a well-mannered client would tidy the paths up first.
SEND = """if True:
    import http.client, json, sys
    statuses = []
    for method, path in json.loads(sys.argv[1]):
        call = http.client.HTTPConnection("docker-proxy", 2375, timeout=20)
        call.putrequest(method, path, skip_accept_encoding=True)
        call.putheader("Content-Length", "0")
        call.endheaders()
        statuses.append(call.getresponse().status)
        call.close()
    print(json.dumps(statuses))"""
ID = "f" * 64
HOSTILE = [
    ("POST", "/containers/create"),
    ("POST", "/v1.45/containers/create?name=x"),
    ("POST", "/containers/{p}-api-1/exec"),
    ("POST", "/exec/abc/start"),
    ("POST", "/containers/{p}-api-1/attach?stream=1&stdin=1"),
    ("POST", "/containers/{p}-api-1/stop"),
    ("POST", "/containers/{p}-api-1/kill"),
    ("POST", "/containers/{p}-api-1/update"),
    ("POST", "/containers/{p}-jupyter-1/restart"),
    ("POST", "/containers/{p}-docker-proxy-1/restart"),
    ("POST", "/containers/{stranger}/restart"),
    ("POST", "/containers/" + ID + "/restart"),
    ("POST", "/containers/x{p}-api-1/restart"),
    ("POST", "/containers/{p}-api-1x/restart"),
    ("GET", "/containers/{p}-api-1/restart"),
    ("DELETE", "/containers/{p}-api-1"),
    ("DELETE", "/containers/{p}-api-1?force=1"),
    ("PUT", "/containers/{p}-api-1/archive?path=/"),
    ("GET", "/containers/{p}-api-1/archive?path=/etc/passwd"),
    ("GET", "/containers/{p}-api-1/export"),
    ("GET", "/containers/{p}-api-1/top"),
    ("GET", "/containers/{stranger}/json"),
    ("GET", "/containers/{p}-other-api-1/json"),
    ("GET", "/containers/f/json"),
    ("GET", "/containers/" + "f" * 63 + "/json"),
    ("GET", "/containers/{p}-api-1/../../images/get"),
    ("GET", "/containers/{p}-api-1/json/.."),
    ("GET", "/containers/{p}-api-1%2fjson"),
    ("GET", "/containers/{p}-api-1/%6Ason"),
    ("GET", "/%2e%2e/containers/json"),
    ("GET", "//containers/json"),
    ("GET", "/v1.45//containers/json"),
    ("POST", "/v1.45//containers/create"),
    ("GET", "/v1.45/../containers/json"),
    ("GET", "/containers/json/"),
    ("get", "/containers/json"),
    ("GET", "/images/get?names=debian:trixie-slim"),
    ("GET", "/images/debian:trixie-slim/json"),
    ("POST", "/images/create?fromImage=x"),
    ("POST", "/build"),
    ("POST", "/session"),
    ("POST", "/grpc"),
    ("POST", "/commit?container={p}-api-1"),
    ("POST", "/networks/create"),
    ("POST", "/volumes/create"),
    ("DELETE", "/volumes/{p}_chroma"),
    ("POST", "/volumes/prune"),
    ("GET", "/networks/bridge"),
    ("POST", "/plugins/pull"),
    ("POST", "/swarm/init"),
    ("GET", "/secrets"),
    ("GET", "/configs"),
    ("GET", "/system/df"),
    ("GET", "/"),
    ("CONNECT", "/containers/json"),
    ("OPTIONS", "/containers/json"),
]
FINE = [
    ("HEAD", "/_ping"),
    ("GET", "/version"),
    ("GET", "/v1.45/info"),
    ("GET", "/containers/json?all=1"),
    ("GET", "/containers/{p}-api-1/json"),
    ("GET", "/v1.45/containers/{p}-chroma-1/logs?stdout=1&tail=1"),
    ("GET", "/containers/{p}-api-1/stats?stream=0&one-shot=1"),
    ("GET", "/events?since=1&until=2"),
    ("GET", "/networks/{p}_control"),
    ("GET", "/volumes"),
]


def statuses(lab, requests, stranger=""):
    named = [(method, path.replace("{p}", lab.project).replace("{stranger}", stranger)) for method, path in requests]
    found = lab.python(SEND, json.dumps(named))
    return {f"{method} {path}": status for (method, path), status in zip(requests, found, strict=True)}


def sdk(lab, expression):
    code = "import docker, json; client = docker.DockerClient(base_url='tcp://docker-proxy:2375')"
    return lab.python(f"{code}\nprint(json.dumps({expression}))")


def test_a_hostile_request_is_refused(lab, stranger):
    found = statuses(lab, HOSTILE, stranger.name)
    # 400: no request at all for haproxy, and no more let through than with 403
    assert {asked: status for asked, status in found.items() if status not in (400, 403)} == {}
    assert sum(status == 403 for status in found.values()) >= len(HOSTILE) - 2


def test_looking_is_allowed(lab):
    assert statuses(lab, FINE) == {f"{method} {path}": 200 for method, path in FINE}


def test_lists_show_the_lab_and_nobody_else(lab, stranger):
    everything = "[one.name for one in client.containers.list(all=True)]"
    asked_for_others = "[one['Names'][0] for one in client.api.containers(all=True, filters={'name': 'stranger'})]"
    for expression in (everything, asked_for_others):
        names = str(sdk(lab, expression))
        assert (f"{lab.project}-api-1" in names, stranger.name in names) == (True, False)


def test_events_are_of_the_lab_only(lab, stranger):
    listen = "[event['Actor']['Attributes'].get('name') for event in client.events(until=int(__import__('time').time()) + 4, decode=True)]"
    with ThreadPoolExecutor() as pool:
        seen = pool.submit(sdk, lab, listen)
        while not seen.done():  # each command in a container is an event
            lab.do("exec", "--no-TTY", "api", "true")
            stranger.exec_run("true")
    assert f"{lab.project}-api-1" in seen.result()
    assert stranger.name not in seen.result()


def test_a_service_of_the_lab_can_be_restarted(lab, engine, wait_until):
    name = f"{lab.project}-api-1"
    before = engine.containers.get(name).attrs["State"]["StartedAt"]
    sdk(lab, f"client.api.restart('{name}')")
    assert engine.containers.get(name).attrs["State"]["StartedAt"] > before
    wait_until(lambda: engine.containers.get(name).attrs["State"]["Health"]["Status"] == "healthy", "the API to be healthy", 60)


def test_only_jupyterlab_reaches_it(lab, engine):
    members = engine.networks.get(f"{lab.project}_control").attrs
    assert members["Internal"] is True
    assert {one["Name"] for one in members["Containers"].values()} == {f"{lab.project}-jupyter-1", f"{lab.project}-docker-proxy-1"}
