"""The disks that hold the models and the index."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client.metrics_core import GaugeMetricFamily


class Disk:
    """A collector. Of a folder that is not there yet, the disk is that of the nearest folder above it."""

    def __init__(self, folders: Mapping[str, Path]):
        self.folders = folders

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For a registry of prometheus_client."""
        free = GaugeMetricFamily("lab_disk_free_bytes", "Free space of the disk under a folder.", labels=["of"])
        size = GaugeMetricFamily("lab_disk_size_bytes", "Size of that disk.", labels=["of"])
        for name, folder in self.folders.items():
            with suppress(OSError):  # a disk that cannot be asked has no figures, and costs nobody else theirs
                usage = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.exists()))
                free.add_metric([name], usage.free)
                size.add_metric([name], usage.total)
        yield from (free, size)
