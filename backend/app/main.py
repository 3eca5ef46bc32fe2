"""The application: what it is made of, and what starts and stops with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sentry_sdk
from fastapi import FastAPI
from starlette.middleware import Middleware

from app.api import health, live, openapi, pages
from app.api.errors import install_error_handlers
from app.api.v1 import api_router
from app.api.v1.endpoints.cdp import ingest
from app.auth.principals import PrincipalCache
from app.core import config
from app.core.clock import clock_from
from app.core.config import Settings
from app.core.logging import configure_logging, get_logger
from app.core.rate_limits import RateLimiter
from app.core.redis import make_redis
from app.db.session import check_database_health, door, make_engine, make_read_pool
from app.middleware.audit import AuditMiddleware
from app.middleware.cors import CorsMiddleware
from app.middleware.errors import UnexpectedErrorMiddleware
from app.middleware.gzip import GzipMiddleware
from app.middleware.tenant import TenantMiddleware
from app.middleware.timing import TimingMiddleware
from app.services.cdp.events.service import Ingestion
from app.services.integrations.service import close_gateway

log = get_logger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    if settings.sentry_dsn:
        sentry_sdk.init(dsn=settings.sentry_dsn, environment=settings.app_env, send_default_pii=False)
    app.state.readers = await make_read_pool(settings)
    log.info("database_checked", healthy=await check_database_health(app.state.engine))
    await app.state.live.start()
    log.info("prometheus_metrics_ready")
    yield
    await app.state.live.stop()
    await close_gateway()
    await app.state.ingestion.close()
    await app.state.readers.close()
    await app.state.redis.aclose()
    await app.state.engine.dispose()


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or config.settings
    configure_logging(settings)
    app = FastAPI(
        title=settings.app_name,
        version=settings.app_version,
        lifespan=lifespan,
        middleware=[
            Middleware(TimingMiddleware),
            Middleware(CorsMiddleware, **pages.cors(settings)),
            Middleware(GzipMiddleware),
            Middleware(TenantMiddleware),
            Middleware(AuditMiddleware, trusted_proxies=settings.trusted_proxies),
            Middleware(UnexpectedErrorMiddleware, show_traceback=settings.is_development),
        ],
        max_body_size=settings.max_body_bytes,
        **openapi.addresses(settings),
    )
    app.state.settings = settings
    app.state.engine = make_engine(settings.database_url.get_secret_value(), settings)
    app.state.redis = make_redis(settings)
    app.state.limiter = RateLimiter(app.state.redis)
    app.state.clock = clock_from(settings.stratum_clock_url)
    app.state.principals = PrincipalCache()
    app.state.ingestion = Ingestion(door(app.state.engine, clock=app.state.clock), app.state.clock)
    install_error_handlers(app)
    live.install(app)
    app.include_router(health.router)
    app.include_router(ingest.router)
    app.include_router(api_router, prefix=settings.api_v1_prefix)
    pages.install(app, settings)
    return app
