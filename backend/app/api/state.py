"""What the application holds for all requests: connections, caches, the live streams; made here, closed here."""

from fastapi import FastAPI

from app.api import live
from app.auth.principals import PrincipalCache
from app.core.clock import clock_from
from app.core.config import Settings
from app.core.rate_limits import RateLimiter
from app.core.redis import make_redis
from app.db.readers import Readers
from app.db.session import Doors, door, make_engine
from app.services.cdp.answers.service import AT_ONCE, Answers
from app.services.cdp.events.service import Ingestion
from app.services.integrations.service import close_gateway


def furnish(app: FastAPI, settings: Settings) -> None:
    """What needs no running loop; nothing connects yet."""
    app.state.settings = settings
    app.state.engine = make_engine(settings.database_url.get_secret_value(), settings)
    app.state.readers = Readers(settings)
    app.state.redis = make_redis(settings)
    app.state.limiter = RateLimiter(app.state.redis)
    app.state.clock = clock_from(settings.stratum_clock_url)
    app.state.principals = PrincipalCache()
    app.state.ingestion = Ingestion(
        door(app.state.engine, clock=app.state.clock), app.state.clock, settings, app.state.limiter
    )
    # Long questions have few connections of their own, and take none from the others.
    app.state.questions = make_engine(
        settings.database_url.get_secret_value(),
        settings.model_copy(update={"db_pool_size": AT_ONCE, "db_max_overflow": 0}),
        name="stratum-questions",
    )
    app.state.answers = Answers(Doors(app.state.questions, app.state.clock), app.state.redis)
    app.state.live = live.make_manager(app.state)


async def start(app: FastAPI) -> None:
    await app.state.live.start()


async def stop(app: FastAPI) -> None:
    """In the order of need: who listens and what waits to be written first, connections last."""
    await app.state.live.stop()
    await close_gateway()
    await app.state.ingestion.close()
    await app.state.answers.close()
    await app.state.readers.close()
    await app.state.redis.aclose()
    await app.state.questions.dispose()
    await app.state.engine.dispose()
