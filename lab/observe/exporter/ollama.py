"""Ollama, which has no /metrics: its version, its models, and those in memory."""

from datetime import UTC, datetime
from typing import Any

from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from lab.observe.exporter.looks import Get

FOR_EVER = 365 * 86_400  # seconds: Ollama writes a date in centuries for a model that is never unloaded


def read(get: Get) -> list[Metric]:
    """Its figures now."""
    version, stored, loaded = get("/api/version")["version"], get("/api/tags")["models"] or [], get("/api/ps")["models"] or []
    return [
        InfoMetricFamily("ollama_version", "Which Ollama this is.", value={"version": str(version)}),
        GaugeMetricFamily("ollama_models", "Models in its store.", value=len(stored)),
        _each("ollama_model_size_bytes", "Size of a stored model.", {one["name"]: one["size"] for one in stored}),
        GaugeMetricFamily("ollama_loaded_models", "Models in memory.", value=len(loaded)),
        _each("ollama_loaded_model_bytes", "Memory of a loaded model.", {one["name"]: one["size"] for one in loaded}),
        _each("ollama_loaded_model_vram_bytes", "Of these, on the GPU.", {one["name"]: one.get("size_vram", 0) for one in loaded}),
        _each(
            "ollama_loaded_model_expires_seconds",
            "Time until the model is unloaded; a year when it stays.",
            {one["name"]: _left(one["expires_at"]) for one in loaded},
        ),
    ]


def _each(name: str, about: str, values: dict[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=["model"])
    for model, value in values.items():
        family.add_metric([model], float(value))
    return family


def _left(until: str) -> float:
    """Seconds from now. Python reads neither nine digits of a second nor years beyond 9999."""
    head, _, rest = until.partition(".")
    zone = next((rest[place:] for place, sign in enumerate(rest) if sign in "Z+-"), "")
    try:
        at = datetime.fromisoformat((head + zone) if rest else until)
    except ValueError:
        return FOR_EVER
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), FOR_EVER)
