"""compose.yaml, the Swarm stack and the Kubernetes manifests describe the same services."""

import pytest

from lab.settings import ROOT
from tests.unit.deploy.manifests import COMPOSE, ONE_MACHINE, STACK, container, filled, kind, listed, workloads

SHARED = sorted((set(COMPOSE) & set(STACK)) - {"proxy"})  # each place has a proxy of its own kind
IN_KUBERNETES = sorted(set(COMPOSE) & set(workloads()))
# Where each place differs on purpose.
PLACES = {
    "NO_PROXY",
    "no_proxy",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PROFILES",
    "JUPYTER_TOKEN",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "API_KEYS",
    "API_URL",
}


def environment(service: dict) -> dict[str, str]:
    return {name: str(value) for name, value in (service.get("environment") or {}).items() if name not in PLACES}


def variables(name: str) -> dict[str, str]:
    one = container(name)
    shared = [kind("ConfigMap")[source["configMapRef"]["name"]]["data"] for source in one.get("envFrom", [])]
    own = {value["name"]: value["value"] for value in one.get("env", []) if "value" in value}
    return {name: value for data in (*shared, own) for name, value in data.items() if name not in PLACES}


def memory(words: str) -> int:
    """Bytes of `512m`, `1g`, `512M`, `1Gi`."""
    number, unit = int(words.rstrip("gGmMi")), words.strip("0123456789i").lower()
    return number * {"m": 2**20, "g": 2**30}[unit]


def test_every_service_is_in_all_three_but_what_belongs_to_one_machine():
    everywhere = set(COMPOSE) - ONE_MACHINE
    assert everywhere <= set(STACK)
    assert everywhere - {"proxy"} <= set(workloads())  # the cluster's ingress controller is the proxy there


@pytest.mark.parametrize("name", SHARED)
def test_the_stack_runs_the_image_and_the_command_of_compose(name):
    ours, theirs = STACK[name], COMPOSE[name]
    if not theirs["image"].endswith("-api"):
        assert ours["image"] == theirs["image"]
    if "command" in theirs:
        assert listed(ours["command"])[-len(listed(theirs["command"])) :] == listed(theirs["command"])


@pytest.mark.parametrize("name", SHARED)
def test_the_stack_keeps_data_limits_and_healthchecks_of_compose(name):
    ours, theirs = STACK[name], COMPOSE[name]
    kept = {mount for mount in theirs.get("volumes", []) if isinstance(mount, str) and mount.split(":")[0] in ("ollama", "chroma", "redis")}
    assert kept <= {mount for mount in ours.get("volumes", []) if isinstance(mount, str)}
    assert memory(ours["deploy"]["resources"]["limits"]["memory"]) == memory(theirs["mem_limit"])
    if name in ("ollama", "chroma", "api"):
        assert ours["healthcheck"] == theirs["healthcheck"]


@pytest.mark.parametrize("name", SHARED)
def test_the_stack_sets_variables_to_the_values_of_compose(name):
    ours, theirs = environment(STACK[name]), environment(COMPOSE[name])
    assert {key: theirs[key] for key in ours if key in theirs} == {key: ours[key] for key in ours if key in theirs}


@pytest.mark.parametrize("name", IN_KUBERNETES)
def test_a_pod_runs_the_image_and_the_command_of_compose(name):
    one, theirs = container(name), COMPOSE[name]
    assert one["image"] == ("slipway-api" if theirs["image"].endswith("-api") else theirs["image"])
    asked = listed(theirs.get("command"))
    words = [*one.get("command", []), *one.get("args", [])]
    assert words[len(words) - len(asked) :] == asked  # an entrypoint may only hand the password over


@pytest.mark.parametrize("name", IN_KUBERNETES)
def test_a_pod_has_ports_limits_and_variables_of_compose(name):
    one, theirs = container(name), COMPOSE[name]
    published = {int(port.rsplit(":", 1)[1]) for port in theirs.get("ports", [])}
    assert published <= {port["containerPort"] for port in one.get("ports", [])}
    assert memory(one["resources"]["limits"]["memory"]) == memory(theirs["mem_limit"])
    wanted = environment(theirs)
    assert {key: value for key, value in variables(name).items() if key in wanted} == {k: wanted[k] for k in variables(name) if k in wanted}


@pytest.mark.parametrize("name", ["ollama", "chroma"])
def test_data_lies_at_the_same_path(name):
    (volume,) = [mount for mount in COMPOSE[name]["volumes"] if mount.startswith(f"{name}:")]
    claims = {one["metadata"]["name"] for one in kind("StatefulSet")[name]["spec"]["volumeClaimTemplates"]}
    assert [one["mountPath"] for one in container(name)["volumeMounts"] if one["name"] in claims] == [volume.split(":")[1]]


@pytest.mark.parametrize("name", ["ollama", "chroma", "api"])
def test_a_probe_asks_what_the_healthcheck_asks_as_long_and_as_often(name):
    test, probe = COMPOSE[name]["healthcheck"], container(name)["readinessProbe"]
    asked = probe.get("httpGet", {}).get("path") or " ".join(probe["exec"]["command"])
    assert asked in " ".join(test["test"])
    assert (f"{probe['periodSeconds']}s", f"{probe['timeoutSeconds']}s") == (test["interval"], test["timeout"])
    start = container(name)["startupProbe"]
    assert f"{start['periodSeconds'] * start['failureThreshold']}s" == test["start_period"]


def test_services_that_write_to_a_volume_are_never_two_at_once():
    for name in ("ollama", "chroma", "redis"):
        assert STACK[name]["deploy"]["update_config"]["order"] == "stop-first"
        assert kind("StatefulSet")[name]["spec"]["replicas"] == 1


def test_the_api_is_updated_one_copy_after_the_other_and_taken_back_when_it_fails():
    update = STACK["api"]["deploy"]["update_config"]
    assert (update["order"], update["parallelism"], update["failure_action"]) == ("start-first", 1, "rollback")
    rolling = kind("Deployment")["api"]["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_copy_has_longer_to_stop_than_a_request_may_take():
    from lab.settings import Settings

    longest = Settings.model_fields["request_timeout"].default
    assert int(STACK["api"]["stop_grace_period"].rstrip("s")) > longest
    assert workloads()["api"]["spec"]["terminationGracePeriodSeconds"] > longest


def test_a_value_is_filled_in_as_the_default_says():
    assert filled("${A:-x}/${B}$$C") == "x/$C"


@pytest.mark.parametrize("command", [STACK["redis"]["entrypoint"], container("redis")["command"]], ids=["swarm", "kubernetes"])
def test_no_shell_stays_in_front_of_redis(command):
    script = command[2]
    assert script.startswith("exec redis-server")
    assert "|" not in script


@pytest.mark.parametrize("file", ["api-proxy/haproxy.cfg", "deploy/swarm/haproxy.cfg"])
def test_the_proxy_takes_away_what_a_caller_claims_about_its_address(file):
    words = (ROOT / file).read_text("utf-8")
    assert 0 < words.index("del-header X-Forwarded-For") < words.index("option forwardfor")


def test_an_api_with_a_port_of_its_own_believes_no_caller_about_its_address():
    assert COMPOSE["api"]["ports"]
    assert "export REDIS_URL\n" in (ROOT / "api" / "start.sh").read_text("utf-8")
    assert "FORWARDED_ALLOW_IPS" not in COMPOSE["api"]["environment"]
