"""What Kubernetes' own schema says about an object, for lesson 12b."""

from collections.abc import Mapping
from typing import Any

LONGEST = 90  # characters of a message


def verdict(manifest: Mapping[str, Any], version: str) -> str:
    """`fits`, or what is wrong, by the schema of this version. Example: `verdict(deployment, "1.34")`.

    Its package is larger than everything else in JupyterLab's image, so there it is missing, and the answer says so.
    """
    try:
        import kubernetes_validate
    except ImportError:
        return "not checked here: the package kubernetes-validate is not in this image"
    try:
        kubernetes_validate.validate(dict(manifest), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        where = ".".join(str(part) for part in error.path)
        return f"{where}: {error.message}"[-LONGEST:] if len(error.message) > LONGEST else f"{where}: {error.message}"
    return "fits"
