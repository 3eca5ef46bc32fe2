"""`/control/whatsapp`: what people write and receive, how templates are reviewed, tokens, limits and the webhook."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.vendors.whatsapp.errors import TITLES
from sandbox.vendors.whatsapp.limits import Limits
from sandbox.vendors.whatsapp.messages import DISPLAY, NUMBER_ID, WABA_ID, Messages
from sandbox.vendors.whatsapp.outbox import Outbox, ask
from sandbox.vendors.whatsapp.templates import Templates
from sandbox.vendors.whatsapp.tokens import Tokens

Digits = Annotated[str, Field(pattern=r"^[0-9]{6,15}$")]
Code = Annotated[int, Field(json_schema_extra={"enum": sorted(TITLES)})]


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TokenChange(_Wanted):
    action: Literal["revoke", "expire", "restore"]
    token: str | None = None


class Written(_Wanted):
    """A person writes to the number."""

    sender: Digits
    text: str
    name: str = "A person"


class Outcome(_Wanted):
    """What became of a message."""

    message_id: str
    status: Literal["sent", "delivered", "read", "failed"]
    code: Code | None = None


class Person(_Wanted):
    """With a code every message to them is refused by it: 131026 not on WhatsApp, 131030 not allowed."""

    digits: Digits
    code: Code | None = None


class Review(_Wanted):
    name: str
    status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"] | None = None
    category: Literal["AUTHENTICATION", "MARKETING", "UTILITY"] | None = None
    rejected_reason: str | None = None


class Quota(_Wanted):
    per_second: Annotated[int, Field(ge=0)] | None = None
    pair_burst: Annotated[int, Field(ge=0)] | None = None


class Webhook(_Wanted):
    """Where messages are posted from now on; null: nowhere, they are only kept. The question is asked first."""

    url: str | None = None
    verify_token: str = ""


class Manner(_Wanted):
    """Whether 131026 and 131047 are refused in the answer, or told by webhook."""

    at_once: bool


def router(
    tokens: Tokens, templates: Templates, messages: Messages, limits: Limits, outbox: Outbox
) -> APIRouter:
    routes = APIRouter(prefix="/control/whatsapp", tags=["whatsapp"])

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {
            "access_token": tokens.standing,
            "read_only_token": tokens.reader,
            "app_secret": tokens.app_secret,
            "waba_id": WABA_ID,
            "phone_number_id": NUMBER_ID,
            "display_phone_number": DISPLAY,
            "page": "/whatsapp/messages",
            "templates": {each["name"]: each["status"] for each in templates.listed()},
            "per_second": limits.per_second,
            "pair_burst": limits.pair_burst,
            "webhook": outbox.url,
        }

    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, Any]:
        if not tokens.set(wanted.action, wanted.token):
            raise Refused("There is no such token.", 404)
        return {"token": wanted.token or tokens.standing, "action": wanted.action}

    _people(routes, messages, outbox)

    @routes.post("/quota")
    async def shrink(wanted: Quota) -> dict[str, int]:
        if wanted.per_second is not None:
            limits.per_second = wanted.per_second
        if wanted.pair_burst is not None:
            limits.pair_burst = wanted.pair_burst
        return {"per_second": limits.per_second, "pair_burst": limits.pair_burst}

    @routes.delete("/quota", status_code=204)
    async def widen() -> None:
        limits.reset()

    _reviews(routes, templates, outbox)
    _webhook(routes, outbox)
    return routes


def _people(routes: APIRouter, messages: Messages, outbox: Outbox) -> None:
    @routes.get("/messages")
    async def sent(to: str | None = None) -> list[dict[str, Any]]:
        return messages.all(to)

    @routes.delete("/messages", status_code=204)
    async def forget() -> None:
        messages.empty()
        outbox.empty()

    @routes.post("/inbound")
    async def hear(wanted: Written) -> dict[str, Any]:
        return messages.hear(wanted.sender, wanted.text, wanted.name)

    @routes.post("/statuses")
    async def settle(wanted: Outcome) -> dict[str, Any]:
        told = messages.settle(wanted.message_id, wanted.status, wanted.code)
        if told is None:
            raise Refused("There is no such message.", 404)
        return told

    @routes.post("/people")
    async def change_person(wanted: Person) -> dict[str, Any]:
        messages.set_person(wanted.digits, wanted.code)
        return wanted.model_dump()

    @routes.post("/refusals")
    async def change_manner(wanted: Manner) -> dict[str, Any]:
        messages.refuses_at_once = wanted.at_once
        return wanted.model_dump()


def _reviews(routes: APIRouter, templates: Templates, outbox: Outbox) -> None:
    @routes.post("/templates")
    async def review(wanted: Review) -> dict[str, Any]:
        """A reviewer decides; the webhook is told of a status."""
        changes = wanted.model_dump(exclude_none=True, exclude={"name"})
        found = templates.set(wanted.name, **changes)
        if found is None:
            raise Refused("There is no such template.", 404)
        if wanted.status is not None:
            outbox.tell(
                WABA_ID,
                "message_template_status_update",
                {
                    "event": found["status"],
                    "message_template_id": int(found["id"]),
                    "message_template_name": found["name"],
                    "message_template_language": found["language"],
                    "message_template_category": found["category"],
                    "reason": found["rejected_reason"],
                },
            )
        return found

    @routes.delete("/templates", status_code=204)
    async def forget_templates(name: str | None = None) -> None:
        if name is None:
            templates.empty()
        elif not templates.remove(name):
            raise Refused("There is no such template.", 404)


def _webhook(routes: APIRouter, outbox: Outbox) -> None:
    @routes.get("/webhook")
    async def told() -> list[dict[str, Any]]:
        """What was told, oldest first: the bytes as text, and the `X-Hub-Signature-256` that goes with them."""
        return outbox.all()

    @routes.put("/webhook")
    async def listen(wanted: Webhook) -> dict[str, Any]:
        verified = False
        if wanted.url is not None:
            verified = await asyncio.to_thread(ask, wanted.url, wanted.verify_token)
            if not verified:
                raise Refused("The callback URL or verify token could not be validated.", 400)
        outbox.url = wanted.url
        return {"url": wanted.url, "verified": verified}
