"""`/control/<vendor>/review` and `/account`: what the platform's own people decide about ads and accounts."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["approved", "pending", "disapproved", "limited"]


class Reason(BaseModel):
    """`topic` is the platform's word, `text` what it says about it where it says anything."""

    model_config = ConfigDict(extra="forbid")

    topic: Annotated[str, Field(min_length=1)]
    text: str = ""


class Review(BaseModel):
    """`ad` as the API names it: its id, at Google its resource name."""

    model_config = ConfigDict(extra="forbid")

    ad: str
    verdict: Verdict
    reasons: list[Reason] = []


class Standing(BaseModel):
    """An ad account's state in the platform's own word, at Meta its number; without one it is in order again."""

    model_config = ConfigDict(extra="forbid")

    account: str
    status: str | int | None = None


def router(
    judge: Callable[[Review], dict[str, Any]], stand: Callable[[Standing], dict[str, Any]]
) -> APIRouter:
    """Below `/control/<vendor>`; both refuse what there is not."""
    routes = APIRouter()

    @routes.post("/review")
    async def review(wanted: Review) -> dict[str, Any]:
        """The verdict on an ad, with reasons. What is disapproved or pending is not delivered."""
        return judge(wanted)

    @routes.post("/account")
    async def account(wanted: Standing) -> dict[str, Any]:
        """The account's state; what it spends is not changed by it."""
        return stand(wanted)

    return routes
