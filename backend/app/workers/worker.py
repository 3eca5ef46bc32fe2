"""The worker: `python -m app.workers.worker`, with Celery's own options after it.

Its pool is several processes; they share their Prometheus metrics through a folder, and the first of them serves
all on WORKER_METRICS_PORT. The folder's name must be known before anything declares a metric.
"""

import os
import shutil
import sys
import tempfile
from typing import Any

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def serve_metrics(**_: Any) -> None:
    """Once the pool is up: what all its processes counted."""
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415  (see the module)
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    from app.core.config import settings  # noqa: PLC0415

    if settings.worker_metrics_port:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package types it so
        start_http_server(settings.worker_metrics_port, settings.metrics_host, registry)


def forget_process(pid: int, **_: Any) -> None:
    """A process that is gone has no gauges; what it counted stays."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

    mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the package types it so


def main() -> None:
    folder = tempfile.mkdtemp(prefix="stratum-metrics-")
    os.environ[_FOLDER] = folder
    from celery import signals  # noqa: PLC0415

    from app.workers.celery_app import celery_app  # noqa: PLC0415
    from app.workers.handlers import QUEUES  # noqa: PLC0415

    signals.worker_ready.connect(serve_metrics)
    signals.worker_process_shutdown.connect(forget_process)
    try:
        celery_app.worker_main(["--quiet", "worker", "--queues", ",".join(QUEUES), *sys.argv[1:]])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
