"""The application: what it is made of, and what starts and stops with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from app.api import dispatch, health, live, openapi, pages, state
from app.api.errors import install_error_handlers
from app.api.v1 import api_router
from app.api.v1.endpoints.cdp import ingest
from app.core import config
from app.core.config import Settings
from app.core.heap import settled_heap
from app.core.logging import configure_logging, get_logger
from app.core.sentry import start_sentry
from app.db.session import check_database_health
from app.middleware.audit import AuditMiddleware
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.cors import CorsMiddleware
from app.middleware.errors import UnexpectedErrorMiddleware
from app.middleware.gzip import GzipMiddleware
from app.middleware.rate_limit import RateLimitMiddleware
from app.middleware.tenant import TenantMiddleware
from app.middleware.timing import TimingMiddleware

log = get_logger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    start_sentry(settings)
    log.info("database_checked", healthy=await check_database_health(app.state.engine))
    await state.start(app)
    log.info("prometheus_metrics_ready")
    with settled_heap():
        yield
    await state.stop(app)


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
            Middleware(RateLimitMiddleware, **pages.limits(settings)),
            Middleware(TenantMiddleware),
            Middleware(AuditMiddleware, trusted_proxies=settings.trusted_proxies),
            Middleware(UnexpectedErrorMiddleware, show_traceback=settings.debug or settings.is_development),
            Middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes),
        ],
        **openapi.description(settings),
    )
    state.furnish(app, settings)
    install_error_handlers(app)
    app.include_router(health.router)
    app.include_router(live.router)
    app.include_router(ingest.router)
    app.include_router(api_router, prefix=settings.api_v1_prefix)
    pages.install(app, settings)
    dispatch.install(app)
    return app
