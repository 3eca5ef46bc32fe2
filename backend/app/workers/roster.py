"""Who works at the moment: asked of the broker, changes nothing."""

from redis import Redis

from app.services.admin.system.rules import Roster
from app.workers.celery_app import BEAT_LOCK, QUEUE_PREFIX, celery_app
from app.workers.handlers import QUEUES

_ANSWER_SECONDS = 3.0


def call_the_roll() -> Roster:
    """Blocking, for about three seconds. Raises what the broker's client raises where Redis is down."""
    answers = celery_app.control.inspect(timeout=_ANSWER_SECONDS).ping() or {}
    url = celery_app.conf.redbeat_redis_url
    with Redis.from_url(
        url, socket_connect_timeout=_ANSWER_SECONDS, socket_timeout=_ANSWER_SECONDS
    ) as client:
        has_beat = bool(client.exists(BEAT_LOCK))
        waiting: dict[str, int] = {queue: int(client.llen(f"{QUEUE_PREFIX}{queue}")) for queue in QUEUES}
    return Roster(tuple(sorted(answers)), has_beat=has_beat, waiting=waiting)
