"""The endpoints of `/api/v1`."""

from fastapi import APIRouter

from app.api.errors import DOCUMENTED
from app.api.v1.endpoints import events
from app.api.v1.endpoints.auth import sessions as auth_sessions
from app.api.v1.endpoints.cdp import events as cdp_events
from app.api.v1.endpoints.cdp import sources as cdp_sources
from app.api.v1.endpoints.trust_engine import incidents as trust_incidents
from app.api.v1.endpoints.work import dead_letters

api_router = APIRouter(responses=DOCUMENTED)
api_router.include_router(auth_sessions.router)
api_router.include_router(cdp_events.router)
api_router.include_router(cdp_sources.router)
api_router.include_router(events.router)
api_router.include_router(dead_letters.router)
api_router.include_router(trust_incidents.router)
