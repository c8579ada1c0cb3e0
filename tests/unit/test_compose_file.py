"""compose.yaml and the settings of the lab say the same: `docker compose up` alone starts what `lab up` starts."""

import re

import pytest
import yaml

from lab.settings import CHAT_MODELS, ROOT, Settings
from lab.stack.compose import VARIABLES
from lab.stack.compose_progress import TITLES
from lab.stack.images import IMAGES
from lab.stack.project import ONE_SHOTS
from lab.stack.services import PUBLISHED

FILES = sorted(ROOT.glob("compose*.yaml"))
READ = {name: default for file in FILES for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", file.read_text("utf-8"))}
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]


def default(name: str) -> str:
    return CHAT_MODELS["compose"] if name == "CHAT_MODEL" else str(Settings.model_fields[name.lower()].default)


@pytest.mark.parametrize("name", sorted(name for name in READ if name.lower() in Settings.model_fields))
def test_a_default_is_the_one_of_the_settings_and_lab_up_hands_the_value_over(name):
    assert READ[name] == default(name)
    assert name.lower() in VARIABLES


def test_every_variable_that_lab_up_hands_over_is_read():
    assert {name.upper() for name in VARIABLES} <= set(READ)


def test_a_variable_that_is_no_setting_is_known():
    assert {name for name in READ if name.lower() not in Settings.model_fields} == {"DOCKER_GID"}


def test_the_table_of_services_is_that_of_compose():
    published = {name for name, service in SERVICES.items() if service.get("ports")}
    assert {service.name for service in PUBLISHED} == published
    for service in PUBLISHED:
        assert f"${{{service.port_setting}:-" in SERVICES[service.name]["ports"][0]


def test_no_service_has_a_name_that_a_second_container_could_not_have():
    assert [name for name, service in SERVICES.items() if "container_name" in service] == []
    assert [name for name in ("worker", "redis") if SERVICES[name].get("ports")] == []


def test_every_port_is_open_to_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_jobs_are_those_that_are_not_restarted_and_somebody_waits_for_each():
    assert {name for name, service in SERVICES.items() if service.get("restart") == "no"} == set(ONE_SHOTS)
    awaited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert set(ONE_SHOTS) <= awaited


def test_every_service_has_a_name_that_people_read():
    assert set(TITLES) == set(SERVICES)


def test_the_images_that_are_looked_for_are_those_of_compose():
    assert {name for name in READ if name.endswith("_IMAGE")} == {name.upper() for name in IMAGES}
