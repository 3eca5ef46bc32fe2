"""The endpoints of `/api/v1`."""

from fastapi import APIRouter

from app.api.errors import DOCUMENTED

api_router = APIRouter(responses=DOCUMENTED)
