"""Whether the service lives, is ready, and which part is down."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from app.api.deps import SettingsDep, get_redis
from app.db.migrations import pending_migrations
from app.db.session import check_database_health

router = APIRouter(prefix="/health", tags=["health"])

Part = Literal["healthy", "unhealthy"]


class ServiceHealthRead(BaseModel):
    status: Literal["healthy", "degraded", "unhealthy"] = Field(
        description="Degraded without Redis, unhealthy without the database."
    )
    version: str = Field(description="Of the application.")
    environment: str = Field(description="`development`, `test`, `staging` or `production`.")
    database: Part = Field(description="Whether PostgreSQL answers.")
    redis: Part = Field(description="Whether Redis answers.")


class ReadinessRead(BaseModel):
    ready: bool = Field(description="Whether requests can be served.")
    database: Part = Field(description="Whether PostgreSQL answers.")
    redis: Part = Field(description="Whether Redis answers.")
    migrations: Literal["current", "behind", "unknown"] = Field(
        description="Whether the database has the schema of this version."
    )


class LivenessRead(BaseModel):
    status: Literal["alive"] = Field("alive", description="The process answers.")


async def redis_health(redis: Redis) -> Part:
    try:
        await redis.ping()
    except (RedisError, OSError):
        return "unhealthy"
    return "healthy"


async def database_health(connection: HTTPConnection) -> Part:
    return "healthy" if await check_database_health(connection.app.state.engine) else "unhealthy"


async def redis_part(redis: Annotated[Redis, Depends(get_redis)]) -> Part:
    return await redis_health(redis)


Database = Annotated[Part, Depends(database_health)]
RedisPart = Annotated[Part, Depends(redis_part)]


@router.get("")
async def health(database: Database, redis: RedisPart, settings: SettingsDep) -> ServiceHealthRead:
    """`degraded` while Redis is down: reads and sign-in work, live messages and automation wait."""
    if database == "unhealthy":
        status: Literal["healthy", "degraded", "unhealthy"] = "unhealthy"
    else:
        status = "healthy" if redis == "healthy" else "degraded"
    return ServiceHealthRead(
        status=status,
        version=settings.app_version,
        environment=settings.app_env,
        database=database,
        redis=redis,
    )


@router.get("/ready", responses={503: {"model": ReadinessRead, "description": "A part is not ready"}})
async def ready(
    connection: HTTPConnection, response: Response, database: Database, redis: RedisPart
) -> ReadinessRead:
    """503 while the database, Redis or the migrations are not ready."""
    migrations: Literal["current", "behind", "unknown"] = "unknown"
    if database == "healthy":
        behind = await pending_migrations(connection.app.state.engine)
        migrations = "behind" if behind else "current"
    is_ready = database == "healthy" and redis == "healthy" and migrations == "current"
    response.status_code = 200 if is_ready else 503
    return ReadinessRead(ready=is_ready, database=database, redis=redis, migrations=migrations)


@router.get("/live")
async def live() -> LivenessRead:
    """The process answers; nothing else is asked."""
    return LivenessRead()
