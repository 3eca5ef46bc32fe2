"""The Redis client, with limits on how long a caller waits for it."""

from redis.asyncio import Redis

from app.core.config import Settings

_CONNECT_SECONDS = 1.0
_ANSWER_SECONDS = 2.0


def make_redis(settings: Settings) -> Redis:
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
    )
