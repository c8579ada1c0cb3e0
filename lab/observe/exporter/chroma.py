"""Chroma: its version, and how many records each collection has."""

from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from lab.observe.exporter.looks import Get

MOST = 20  # collections that are counted: each is a request, and each name a series
COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database"


def read(get: Get) -> list[Metric]:
    """Its figures now."""
    get("/api/v2/heartbeat")
    version, number = get("/api/v2/version"), get(f"{COLLECTIONS}/collections_count")
    records = GaugeMetricFamily("chroma_collection_records", "Records of a collection.", labels=["collection"])
    for one in get(f"{COLLECTIONS}/collections?limit={MOST}"):
        records.add_metric([one["name"]], float(get(f"{COLLECTIONS}/collections/{one['id']}/count")))
    return [
        InfoMetricFamily("chroma_version", "Which Chroma this is.", value={"version": str(version)}),
        GaugeMetricFamily("chroma_collections", "Collections in its default database.", value=float(number)),
        records,
    ]
