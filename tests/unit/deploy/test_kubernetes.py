"""The manifests of deploy/kubernetes fit Kubernetes' own schemas, and each other."""

import kubernetes_validate
import pytest
import yaml

from tests.unit.deploy.manifests import EXAMPLE, FOLDER, container, kind, objects, workloads

VERSIONS = ("1.29", "1.34")
NAMED = [f"{one['kind']}/{one['metadata']['name']}" for one in objects()]
RUNNING = sorted(set(workloads()) - {"model-pull", "ingest"})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", objects(), ids=NAMED)
def test_a_manifest_fits_the_schema_of_each_version_and_has_no_field_that_it_does_not_know(one, version):
    kubernetes_validate.validate(one, version, strict=True)


def test_a_field_at_the_wrong_place_is_found():
    wrong = kind("Deployment")["api"]
    wrong["spec"]["template"]["spec"]["depends_on"] = ["chroma"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_file_is_in_the_kustomization_but_the_example():
    named = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert {path.name for path in FOLDER.glob("*.yaml")} == {*named, "kustomization.yaml", EXAMPLE}


def test_all_objects_are_in_one_namespace_and_no_two_have_one_name():
    assert {one["metadata"].get("namespace", "slipway") for one in objects()} == {"slipway"}
    assert len(NAMED) == len(set(NAMED))


@pytest.mark.parametrize("name", sorted(kind("Deployment", "StatefulSet")))
def test_a_workload_selects_its_own_pods(name):
    one = kind("Deployment", "StatefulSet")[name]
    wanted = one["spec"]["selector"]["matchLabels"]
    assert wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items()
    assert [other for other, pod in workloads().items() if wanted.items() <= pod["metadata"]["labels"].items()] == [name]


@pytest.mark.parametrize("name", sorted(kind("Service")))
def test_a_service_finds_one_workload_and_a_port_that_it_has(name):
    spec = kind("Service")[name]["spec"]
    (found,) = [other for other, pod in workloads().items() if spec["selector"].items() <= pod["metadata"]["labels"].items()]
    ports = {port["name"]: port["containerPort"] for port in container(found)["ports"]}
    assert {port["targetPort"]: port["port"] for port in spec["ports"]}.items() <= ports.items()


def test_the_ingress_the_autoscaler_and_the_budget_name_what_exists():
    (path,) = kind("Ingress")["api"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in kind("Service")["api"]["spec"]["ports"]}
    target = kind("HorizontalPodAutoscaler")["api"]["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": path["backend"]["service"]["name"]}
    budget = kind("PodDisruptionBudget")["api"]["spec"]
    assert budget["selector"] == kind("Deployment")["api"]["spec"]["selector"]
    assert budget["minAvailable"] < kind("HorizontalPodAutoscaler")["api"]["spec"]["minReplicas"]


@pytest.mark.parametrize("name", sorted(workloads()))
def test_what_is_mounted_is_a_volume_or_a_claim_of_the_same_pod(name):
    claims = kind("Deployment", "StatefulSet", "Job")[name]["spec"].get("volumeClaimTemplates", [])
    known = {one["name"] for one in workloads()[name]["spec"].get("volumes", [])} | {one["metadata"]["name"] for one in claims}
    assert {one["name"] for one in container(name)["volumeMounts"]} == known


@pytest.mark.parametrize("name", sorted(workloads()))
def test_settings_and_secrets_that_a_container_reads_exist(name):
    one = container(name)
    assert {source["configMapRef"]["name"] for source in one.get("envFrom", [])} <= set(kind("ConfigMap"))
    refs = [value["valueFrom"]["secretKeyRef"] for value in one.get("env", []) if "valueFrom" in value]
    assert {(ref["name"], ref["key"]) for ref in refs} <= {("lab", key) for key in kind("Secret")["lab"]["stringData"]}


@pytest.mark.parametrize("name", sorted(workloads()))
def test_a_container_has_limits_no_capabilities_and_no_key_of_the_cluster(name):
    one, pod = container(name), workloads()[name]["spec"]
    assert one["resources"]["limits"]["memory"] and one["resources"]["requests"]["cpu"]
    hardened = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert one["securityContext"] == hardened
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


@pytest.mark.parametrize("name", [name for name in RUNNING if name != "worker"])
def test_a_service_has_three_probes_and_is_not_restarted_for_the_failure_of_another(name):
    one = container(name)
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(one)
    assert "/ready" not in str(one["livenessProbe"])


def test_the_network_admits_nobody_unless_a_policy_says_so():
    nobody = kind("NetworkPolicy")["nobody"]["spec"]
    assert nobody == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_only_what_asks_the_services_reaches_them():
    policy = kind("NetworkPolicy")["services"]["spec"]
    (guarded,) = policy["podSelector"]["matchExpressions"]
    assert set(guarded["values"]) == {"ollama", "chroma", "redis"}
    (source,) = policy["ingress"][0]["from"]
    allowed = source["podSelector"]["matchLabels"].items()
    assert {name for name, pod in workloads().items() if allowed <= pod["metadata"]["labels"].items()} == {
        "api",
        "worker",
        "model-pull",
        "ingest",
    }
    ports = {port["name"] for name in guarded["values"] for port in container(name)["ports"]}
    assert {port["port"] for port in policy["ingress"][0]["ports"]} == ports


def test_a_secret_is_shown_as_an_example_only():
    secrets = [
        one
        for path in FOLDER.glob("*.yaml")
        if path.name != EXAMPLE
        for one in yaml.safe_load_all(path.read_text("utf-8"))
        if one["kind"] == "Secret"
    ]
    assert secrets == []
