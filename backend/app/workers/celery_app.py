"""The Celery application: how tasks are delivered. What they do stands in the handlers."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from celery import Celery, signals
from kombu import Queue

from app.core.config import settings
from app.core.heap import settled_heap
from app.core.logging import configure_logging, get_logger
from app.core.sentry import start_sentry
from app.workers import tasks
from app.workers.handlers import HANDLERS, PERIODIC, QUEUES, Handler, Takes
from app.workers.runtime import Delivery, Runtime

log = get_logger(__name__)

__all__ = [
    "BEAT_LOCK",
    "QUEUE_PREFIX",
    "TICK",
    "celery_app",
    "longest_hard_limit",
    "tasks",
    "visibility_timeout",
]

TICK = "work.tick"
_SHORTEST_HARD_LIMIT = 300
_RETURN_MARGIN = 60
_SOCKET: dict[str, Any] = {
    "socket_connect_timeout": 5,
    "socket_timeout": 15,
    "socket_keepalive": True,
    # A connection whose other end is gone without a word is given up after half a minute.
    "socket_keepalive_options": {
        socket.TCP_KEEPIDLE: 15,
        socket.TCP_KEEPINTVL: 5,
        socket.TCP_KEEPCNT: 3,
    },
    "health_check_interval": 10,
}
_BEAT_WAKES_EVERY = 5
_BEAT_LOCK_SECONDS = 20
# Of names in Redis: the queues', and the lock's of the Beat that works.
QUEUE_PREFIX = "celery:"
BEAT_LOCK = "redbeat::lock"


def longest_hard_limit() -> int:
    """Seconds."""
    return max([_SHORTEST_HARD_LIMIT, *(handler.hard_limit for handler in HANDLERS.values())])


def visibility_timeout() -> int:
    """After so many seconds Redis gives a message that nobody has finished to another worker."""
    return longest_hard_limit() + _RETURN_MARGIN


def _beat_entry(name: str) -> dict[str, Any]:
    periodic = PERIODIC[name]
    options: dict[str, Any] = {"queue": periodic.handler.queue}
    if periodic.lapses_after is not None:
        options["expires"] = periodic.lapses_after
    return {"task": TICK, "schedule": periodic.schedule, "args": [name], "options": options}


_redis_url = settings.redis_url.get_secret_value()

celery_app = Celery("stratum", broker=_redis_url, set_as_current=False)
celery_app.conf.update(
    accept_content=["json"],
    beat_max_loop_interval=_BEAT_WAKES_EVERY,
    beat_schedule={name: _beat_entry(name) for name in sorted(PERIODIC)},
    beat_scheduler="app.workers.clockwork:Clockwork",
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": visibility_timeout(),
        "queue_order_strategy": "round_robin",
        **_SOCKET,
        "global_keyprefix": QUEUE_PREFIX,
    },
    enable_utc=True,
    redbeat_key_prefix="redbeat:",
    redbeat_lock_key=BEAT_LOCK,
    redbeat_lock_timeout=_BEAT_LOCK_SECONDS,
    redbeat_redis_options=_SOCKET,
    redbeat_redis_url=_redis_url,
    task_acks_late=True,
    task_create_missing_queues=False,
    task_default_queue="default",
    task_ignore_result=True,
    task_queues=[Queue(name, routing_key=name) for name in QUEUES],
    task_reject_on_worker_lost=True,
    task_serializer="json",
    task_time_limit=longest_hard_limit(),
    timezone="UTC",
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=10_000,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
)

_runtime: Runtime | None = None
_until_the_end = ExitStack()


def _its_runtime() -> Runtime:
    if _runtime is None:
        raise RuntimeError("this is no worker process")
    return _runtime


@signals.worker_process_init.connect
def _begin(**_: Any) -> None:
    global _runtime  # noqa: PLW0603  (Celery calls this once in each process)
    configure_logging(settings)
    start_sentry(settings)
    _runtime = Runtime(settings)
    _until_the_end.enter_context(settled_heap())


@signals.worker_process_shutdown.connect
def _finish(**_: Any) -> None:
    global _runtime  # noqa: PLW0603  (as above)
    if _runtime is not None:
        _runtime.close()
        _runtime = None
    _until_the_end.close()


@signals.setup_logging.connect
def _log_as_the_api_does(**_: Any) -> None:
    configure_logging(settings)


def _entry(name: str) -> Callable[..., None]:
    def run(task_id: str, tenant_id: int) -> None:
        _its_runtime().run_task(name, Delivery(UUID(task_id), tenant_id))

    return run


def _register(handler: Handler) -> None:
    celery_app.task(name=handler.name, time_limit=handler.hard_limit, queue=handler.queue)(
        _entry(handler.name)
    )


for _handler in HANDLERS.values():
    if _handler.takes is not Takes.PLATFORM:
        _register(_handler)


@celery_app.task(name=TICK)
def _tick(name: str) -> None:
    _its_runtime().run_tick(name)
