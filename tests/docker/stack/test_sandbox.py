"""The engine for lessons: it has the images, shows its ports to notebooks, and sees nothing of the machine's engine."""

import pytest

IMAGES = {"ollama/ollama:0.33.3", "chromadb/chroma:1.5.9", "python:3.13-slim", "debian:trixie-slim"}


def sdk(lab, lines):
    return lab.python(f"import docker, json\nclient = docker.from_env()\n{lines}")


def test_images_were_handed_over(lab):
    assert set(sdk(lab, "print(json.dumps([tag for image in client.images.list() for tag in image.tags]))")) >= IMAGES


def test_containers_of_the_machine_are_not_visible(lab, stranger):
    assert sdk(lab, "print(json.dumps([one.name for one in client.containers.list(all=True)]))") == []


def test_a_published_port_is_reachable_from_a_notebook(lab):
    lines = """if True:
        import time, urllib.request
        from lab.containers import address
        ports = {"11434/tcp": ("127.0.0.1", None)}
        one = client.containers.run("ollama/ollama:0.33.3", detach=True, labels={"lab.lesson": "97"}, ports=ports)
        try:
            one.reload()
            deadline = time.monotonic() + 30
            while True:
                try:
                    print(urllib.request.urlopen(address(one, "11434/tcp") + "/api/version", timeout=2).read().decode())
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
        finally:
            one.remove(force=True, v=True)"""
    assert sdk(lab, lines)["version"]


def test_networks_of_lessons_take_no_address_that_the_labs_own_may_get_at_the_next_start(lab):
    lines = """if True:
        one = client.networks.create("lesson97", labels={"lab.lesson": "97"})
        try:
            one.reload()
            print(json.dumps([net.attrs["IPAM"]["Config"][0]["Subnet"] for net in (one, client.networks.get("bridge"))]))
        finally:
            one.remove()"""
    assert all(subnet.startswith("10.213.") for subnet in sdk(lab, lines))


def test_a_folder_of_the_lesson_can_be_mounted(lab):
    lines = """if True:
        from lab.containers import workspace
        folder = workspace("97")
        (folder / "note.txt").write_text("hello")
        mounted = {str(folder): {"bind": "/w", "mode": "ro"}}
        said = client.containers.run("debian:trixie-slim", "cat /w/note.txt", remove=True, volumes=mounted)
        print(json.dumps(said.decode()))"""
    assert sdk(lab, lines) == "hello"


def test_a_build_reaches_the_package_index(lab):
    dockerfile = "FROM python:3.13-slim\nRUN pip download --quiet --no-deps --dest /tmp six==1.17.0\n"
    lab.do("exec", "--no-TTY", "jupyter", "docker", "build", "--quiet", "--no-cache", "--tag", "lesson-test", "-", input=dockerfile)
    assert sdk(lab, "client.images.remove('lesson-test'); print('[]')") == []


def test_the_engine_listens_for_jupyterlab_alone(lab):
    code = """import socket, json
refused = []
for name in ("jupyter", "sandbox"):
    try:
        socket.create_connection((name, 2375), 2)
    except OSError:
        refused.append(name)
print(json.dumps(refused))"""
    assert lab.do("exec", "--no-TTY", "api", "python", "-c", code).strip() == '["jupyter", "sandbox"]'


HOOK = "#!/bin/sh\n# registers the driver `nvidia` with an engine that has no GPU\ncat >/dev/null\n"


@pytest.fixture
def engine_with_gpu_driver(lab, wait_until):
    """The sandbox's engine, started anew with a stand-in for NVIDIA's runtime hook on its path."""
    hook = "/usr/local/bin/nvidia-container-runtime-hook"
    lab.do("exec", "--no-TTY", "sandbox", "sh", "-c", f"cat >{hook} && chmod 755 {hook}", input=HOOK)
    lab.do("restart", "sandbox")
    lab.do("up", "--wait", "--no-recreate", "--no-deps", "sandbox")
    yield
    lab.do("exec", "--no-TTY", "sandbox", "rm", hook)
    lab.do("restart", "sandbox")
    lab.do("up", "--wait", "--no-recreate", "--no-deps", "sandbox")


def test_the_gpu_override_starts_where_the_engine_has_the_driver(lab, engine_with_gpu_driver):
    """The wiring, not a GPU: the lab's own files, started by the sandbox's engine."""
    compose = "docker compose --project-name gpu --file compose.yaml --file compose.gpu.yaml"
    up = f"OLLAMA_PORT=21999 {compose} up --wait --no-deps --pull never ollama"
    # given to the first process only, as the real hook reads it; `exec` would not show it
    start = f"{up} && {compose} exec --no-TTY ollama grep -az -o '^NVIDIA_VISIBLE_DEVICES=.*' /proc/1/environ"
    try:
        said = lab.do("exec", "--no-TTY", "jupyter", "sh", "-c", start)
        assert said.strip("\0\n ") == "NVIDIA_VISIBLE_DEVICES=all"
    finally:
        lab.compose("exec", "--no-TTY", "jupyter", "sh", "-c", f"{compose} down --volumes")
