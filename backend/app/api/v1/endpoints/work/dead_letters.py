"""Tasks that were given up."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import DeadLetterId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import CursorPage
from app.schemas.text import Word
from app.schemas.work.dead_letters import DeadLetterRead
from app.services.work.dead_letters.service import DeadLetterService

router = APIRouter(prefix="/work/dead-letters", tags=["work"])

Reader = Annotated[Principal, requires("work.dead_letters:read")]
Writer = Annotated[Principal, requires("work.dead_letters:write")]


async def dead_letters(scope: ScopeDep) -> DeadLetterService:
    return DeadLetterService(scope)


DeadLetters = Annotated[DeadLetterService, Depends(dead_letters)]


class DeadLetterFilter(CursorParams):
    task: Word | None = Field(None, max_length=100, description="A task's whole name.")
    open: bool | None = Field(None, description="Neither replayed nor discarded.")


Filter = Annotated[DeadLetterFilter, Query()]


@router.get("")
async def list_dead_letters(letters: DeadLetters, asked: Filter, _: Reader) -> CursorPage[DeadLetterRead]:
    """Tasks that failed for good, newest first."""
    found, cursor = await letters.newest(
        task=asked.task, is_open=asked.open, cursor=asked.cursor, limit=asked.limit
    )
    items = [DeadLetterRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=asked.limit)


@router.get("/{letter_id}")
async def get_dead_letter(letter_id: DeadLetterId, letters: DeadLetters, _: Reader) -> DeadLetterRead:
    """One task that was given up, with what it was given and why it failed."""
    return DeadLetterRead.model_validate(await letters.get(letter_id))


@router.post("/{letter_id}/replay", status_code=202)
async def replay_dead_letter(letter_id: DeadLetterId, letters: DeadLetters, _: Writer) -> DeadLetterRead:
    """Have the task run again, as a new one."""
    return DeadLetterRead.model_validate(await letters.replay(letter_id))


@router.post("/{letter_id}/discard")
async def discard_dead_letter(letter_id: DeadLetterId, letters: DeadLetters, _: Writer) -> DeadLetterRead:
    """Close it undone; it stays in the list."""
    return DeadLetterRead.model_validate(await letters.discard(letter_id))
