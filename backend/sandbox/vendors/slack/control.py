"""`/control/slack`: the workspace's tokens and channels, what was posted, and smaller limits."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.vendors.slack import channels
from sandbox.vendors.slack.limits import Limits
from sandbox.vendors.slack.messages import Messages
from sandbox.vendors.slack.tokens import Tokens


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "uninstall", "restore"]
    token: str | None = None


class Quota(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: Literal["auth.test", "chat.postMessage", "chat.update", "conversations.list"]
    per_minute: Annotated[int, Field(ge=0)]


def router(tokens: Tokens, messages: Messages, limits: Limits) -> APIRouter:
    routes = APIRouter(prefix="/control/slack", tags=["slack"])

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "bot_token": tokens.bot,
            "writer_token": tokens.writer,
            "team_id": channels.TEAM_ID,
            "page": "/slack/messages",
            "channels": {
                each.name: {
                    "id": each.id,
                    "is_member": each.is_member,
                    "is_private": each.is_private,
                    "is_archived": each.is_archived,
                }
                for each in channels.CHANNELS
            },
            "per_minute": limits.per_minute,
        }

    @routes.get("/messages")
    async def posted(channel: str | None = None) -> list[dict[str, Any]]:
        return messages.all(channel)

    @routes.delete("/messages", status_code=204)
    async def empty() -> None:
        messages.empty()

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, Any]:
        if not tokens.set(wanted.action, wanted.token):
            raise Refused("There is no such token.", 404)
        return {"token": wanted.token or tokens.bot, "action": wanted.action}

    @routes.post("/quota")
    async def shrink(wanted: Quota) -> dict[str, int]:
        limits.per_minute[wanted.method] = wanted.per_minute
        return limits.per_minute

    @routes.delete("/quota", status_code=204)
    async def widen() -> None:
        limits.reset()

    return routes
