"""The exercises of 02, volume or baked. All but the last are judged by what the Docker Engine really holds."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.containers import labels
from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.text import text
from lab.settings import get_settings

if TYPE_CHECKING:
    from docker import DockerClient

MARK = labels("02")
DATA = "/root/.ollama"  # where an Ollama server keeps its models, and its key
SERVER = "lesson-02-volume"
OLD_VOLUME = "lesson-02-old"
NEWER = "lesson-02/helper:2.0"
SECOND = "all-minilm"  # the second model of this lesson
FILES = 'find "$1" -type f 2>/dev/null || true'


def _engine() -> "DockerClient":
    import docker

    return docker.from_env()


def _inside(image: str, script: str, *arguments: str, **options: Any) -> str:
    """What a shell prints in a container of the image that is gone afterwards. No server runs, and there is no network."""
    command = ["-c", script, "sh", *arguments]
    options |= {"entrypoint": "sh", "network_mode": "none", "labels": MARK, "remove": True}
    return str(_engine().containers.run(image, command, **options).decode())


def _models(files: str) -> list[str]:
    """Names of models, from paths such as …/manifests/registry.ollama.ai/library/smollm2/135m."""
    paths = [path.split("/") for path in files.split() if "/manifests/" in path]
    return sorted(f"{path[-2]}:{path[-1]}" for path in paths)


def _image(name: Any) -> Any:
    """The learner's image. Raises Wrong when it is no image of this lesson."""
    from docker.errors import ImageNotFound, NullResource

    if not isinstance(name, str):
        raise Wrong(text('Give the tag of your image as a text, like "lesson-02/mine:1.0"; yours is {got}.', got=repr(name)))
    if name == get_settings().ollama_image:
        raise Wrong(text("That is the base image. Build your own on it, and give the tag of that one."))
    try:
        image = _engine().images.get(name)
    except (ImageNotFound, NullResource):
        raise Wrong(text("The engine has no image {name}. Did the build succeed? Look at the log it gave.", name=name)) from None
    if MARK.items() - image.labels.items():
        raise Wrong(text("{name} lacks the lesson's label, so the clean-up would leave it. Make it with `build`.", name=name))
    return image


def _expect_server(image: Any) -> None:
    """Raises Wrong unless the image starts the server as its base image does."""
    base = _engine().images.get(get_settings().ollama_image).attrs["Config"]
    entrypoint, command = image.attrs["Config"]["Entrypoint"] or [], image.attrs["Config"]["Cmd"] or []
    if entrypoint + command != base["Entrypoint"] + base["Cmd"]:
        said = " ".join(entrypoint + command)
        raise Wrong(text("A container of it would run `{said}`. Leave CMD out: the base image starts the server.", said=said))


def _not_an_image(name: str) -> dict[str, WrongAnswer]:
    """Mistakes that every exercise about an image knows."""
    base = f"from lab.settings import get_settings\n{name} = get_settings().ollama_image"
    return {"no-text": WrongAnswer(f"{name} = 1.0", "as a text"), "the-base-image": WrongAnswer(base, "base image")}


@exercise(
    "bake",
    "my_baked",
    hints=(
        "One RUN: start the server with `&`, wait in a loop until `ollama list` succeeds, pull. No CMD.",
        "The server's key lies in /root/.ollama. Remove `id_ed25519*` at the end of the same RUN: a later one would only hide it.",
        "Or have two stages, `FROM … AS models` and a second FROM with `COPY --from=models /root/.ollama/models /root/.ollama/models`.",
    ),
    wrong=_not_an_image("my_baked"),
)
def bake(my_baked: Any) -> None:
    """my_baked is the tag of an image that holds all-minilm, holds no key, and starts the server."""
    image = _image(my_baked)
    files = _inside(image.id, FILES, DATA)
    if not any(model.startswith(SECOND) for model in _models(files)):
        raise Wrong(text("{name} holds no {model}; found: {found}.", name=my_baked, model=SECOND, found=_models(files) or "-"))
    if "id_ed25519" in files:
        raise Wrong(text("The model is in it, and so is the server's private key, {path}.", path=f"{DATA}/id_ed25519"))
    _expect_server(image)


@exercise(
    "lock",
    "my_locked",
    hints=(
        "A digest has 64 digits: `api(server).list().models` has it as `digest`; `ollama list` shows only twelve of them.",
        'Add `f"--build-arg=MODEL_DIGEST={digest}"` to the options in `recipe`.',
    ),
    wrong=_not_an_image("my_locked"),
)
def lock(my_locked: Any) -> None:
    """my_locked was built with the digest of the model that it holds."""
    image = _image(my_locked)
    locked = image.labels.get("ollama.model.digest", "")
    if not re.fullmatch("[0-9a-f]{64}", locked):
        raise Wrong(text("Its label `ollama.model.digest` is {got}: not a digest of 64 digits. Give MODEL_DIGEST.", got=repr(locked)))
    if locked not in _inside(image.id, 'find "$1" -type f -exec sha256sum {} +', f"{DATA}/models/manifests"):
        raise Wrong(text("The label names a digest that no model in the image has."))


@exercise(
    "persona",
    "my_persona",
    hints=(
        '`api(server).create("harbor", from_=model, system="…", parameters={"temperature": 0})` makes it.',
        "Or a Modelfile with FROM, PARAMETER and SYSTEM, and `ollama create` in the container. `my_persona` is the name only.",
    ),
    wrong={
        "no-text": WrongAnswer("my_persona = {'model': 'harbor'}", "name"),
        "the-model-itself": WrongAnswer("from lab.settings import get_settings\nmy_persona = get_settings().lesson_model", "base model"),
    },
)
def persona(my_persona: Any) -> None:
    """my_persona names a model on the lesson's server: the lesson's weights, temperature 0, a system message about a harbor."""
    model = get_settings().lesson_model
    if not isinstance(my_persona, str):
        raise Wrong(text("Give the name of your model, a text; yours is {got}.", got=repr(my_persona)))
    if my_persona == model:
        raise Wrong(text("That is the base model. A persona gets a name of its own."))
    mine, theirs = _modelfile(my_persona), _modelfile(model)
    if not mine:
        raise Wrong(text("The server in {server} has no model {name}. See `ollama list` there.", server=SERVER, name=my_persona))
    if mine.get("from") != theirs.get("from"):
        raise Wrong(text("It has other weights than {model}. Begin with FROM {model}.", model=model))
    if mine.get("parameter temperature") not in ("0", "0.0"):
        raise Wrong(text("Its temperature is {got}, and should be 0.", got=mine.get("parameter temperature", "-")))
    if "harbor" not in mine.get("system", "").lower():
        raise Wrong(text("Its system message does not speak of a harbor: {got}", got=mine.get("system", "-")))


def _modelfile(model: str) -> Mapping[str, str]:
    """What `ollama show --modelfile` says in the lesson's server, instruction by instruction; nothing when the model is not there."""
    from docker.errors import NotFound

    try:
        answer = _engine().containers.get(SERVER).exec_run(["ollama", "show", model, "--modelfile"])
    except NotFound:
        raise Wrong(text("The container {server} is not there. Run the cells of part 2 again.", server=SERVER)) from None
    instruction = r"^(FROM|SYSTEM|PARAMETER \w+) (.*?)(?=\n[A-Z]+ |\Z)"  # a system message may have several lines
    lines = re.findall(instruction, answer.output.decode().strip(), re.MULTILINE | re.DOTALL)
    return {name.lower(): value for name, value in lines} if answer.exit_code == 0 else {}


@exercise(
    "rescue",
    "my_volume",
    hints=(
        f"Mount the volume beside the models and not over them: `volumes={{'{OLD_VOLUME}': {{'bind': '/old', 'mode': 'rw'}}}}`.",
        "In a container of 2.0 with `in_image`, copy: `cp -r /root/.ollama/models /old/`. Manifests without their blobs are of no use.",
    ),
    wrong={
        "no-text": WrongAnswer("my_volume = ['lesson-02-old']", "name"),
        "a-new-volume": WrongAnswer("my_volume = 'lesson-02-new'", "lesson-02-old"),
    },
)
def rescue(my_volume: Any) -> None:
    """The old volume holds pirate besides what it held, with every blob that the manifests name."""
    if not isinstance(my_volume, str):
        raise Wrong(text("Give the name of the volume, a text; yours is {got}.", got=repr(my_volume)))
    if my_volume != OLD_VOLUME:
        raise Wrong(text("The models of {old} are wanted as well: repair that volume, and give its name.", old=OLD_VOLUME))
    if my_volume not in [volume.name for volume in _engine().volumes.list()]:  # a mount would make it, empty and without a label
        raise Wrong(text("The volume {volume} is not there. Run the cells of part 7 again.", volume=my_volume))
    volume = {my_volume: {"bind": "/old", "mode": "ro"}}
    files = _inside(NEWER, FILES, "/old", volumes=volume)
    found = _models(files)
    for model in ("pirate", SECOND, get_settings().lesson_model):
        if not any(name.startswith(model) for name in found):
            raise Wrong(text("{volume} holds no {model}; found: {found}.", volume=my_volume, model=model, found=found))
    manifests = _inside(NEWER, 'find "$1" -type f -exec cat {} +', "/old/models/manifests", volumes=volume)
    for digest in re.findall(r'"sha256:([0-9a-f]{64})"', manifests):
        if f"sha256-{digest}" not in files:
            raise Wrong(text("A manifest names the blob {blob}, which the volume lacks. Copy `blobs` too.", blob=f"sha256-{digest[:12]}…"))


@exercise(
    "no-hide",
    "my_safe",
    hints=(
        "`ENV OLLAMA_MODELS=/models` tells the server where its models are; at /root/.ollama only the key remains.",
        "No second download: `COPY --from=lesson-02/helper:1.0 /root/.ollama/models /models` takes the files out of that image.",
    ),
    wrong=_not_an_image("my_safe"),
)
def no_hide(my_safe: Any) -> None:
    """my_safe shows its model also under an empty mount at /root/.ollama."""
    image = _image(my_safe)
    variables = dict(line.split("=", 1) for line in image.attrs["Config"]["Env"] or [])
    folder = variables.get("OLLAMA_MODELS", f"{DATA}/models")
    files = _inside(image.id, FILES, folder, tmpfs={DATA: ""})  # tmpfs: an empty mount that needs no folder of this machine
    model = get_settings().lesson_model
    if model not in _models(files):
        where = text("OLLAMA_MODELS is {folder}", folder=folder) if "OLLAMA_MODELS" in variables else text("OLLAMA_MODELS is not set")
        raise Wrong(text("With an empty mount at {data} its server finds no {model}; {where}.", data=DATA, model=model, where=where))
    _expect_server(image)


CASES = {
    "try-ten-models": ("volume", "Each model would be a build. A pull into a volume takes the time of the download alone."),
    "ship-without-network": ("baked", "Nothing can be pulled there, so the model has to come with the image."),
    "ci-same-answers": ("baked", "A test needs the same weights each time, and a runner begins without volumes."),
    "40-gb-monthly": ("volume", "Each month each machine would get a new layer of 40 GB, and the build would write it several times."),
    "roll-back": ("baked", "Code and model go back together when they are one image with one tag."),
}


@exercise(
    "decide",
    "my_choice",
    hints=(
        "Ask of each: does the model change more often than the image? Can the machine pull? Must everybody have the same weights?",
        "Three are baked: no network, the same answers in each run, and back to last week's version.",
    ),
    wrong={
        "one-word": WrongAnswer("my_choice = 'baked'", "dictionary"),
        "a-case-left-out": WrongAnswer("my_choice = {'try-ten-models': 'volume'}", "ship-without-network"),
        "another-word": WrongAnswer(f"my_choice = dict.fromkeys({list(CASES)!r}, 'image')", "volume"),
        "always-baked": WrongAnswer(f"my_choice = dict.fromkeys({list(CASES)!r}, 'baked')", "would be a build"),
        "always-volume": WrongAnswer(f"my_choice = dict.fromkeys({list(CASES)!r}, 'volume')", "Nothing can be pulled there"),
    },
)
def decide(my_choice: Any) -> None:
    """my_choice says for each case where the model should live."""
    if not isinstance(my_choice, dict):
        raise Wrong(text('`my_choice` should be a dictionary from case to "volume" or "baked".'))
    missing = [case for case in CASES if my_choice.get(case) in (None, ...)]
    if missing:
        raise Wrong(text("Still without a choice: {missing}.", missing=", ".join(missing)))
    for case, (right, why) in CASES.items():
        if my_choice[case] not in ("volume", "baked"):
            raise Wrong(text('{case}: write "volume" or "baked", not {got}.', case=case, got=json.dumps(my_choice[case], default=str)))
        if my_choice[case] != right:
            raise Wrong(f"{case}: {text(why)}")
