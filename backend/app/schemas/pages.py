"""Pages of lists. Where data grows without end a cursor takes the place of numbers, and there is no total."""

from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, Field

from app.db.utils import Slice

Item = TypeVar("Item")

TOTAL_CAP = 10_000


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    total: int = Field(description=f"Rows that match; {TOTAL_CAP} when `total_capped`.")
    total_capped: bool = False
    page: int
    limit: int
    pages: int
    has_next: bool
    has_prev: bool

    @classmethod
    def of(cls, found: Slice[Any], items: list[Item]) -> Self:
        """The page that `found` is, with its rows as they are shown."""
        return cls(
            items=items,
            total=found.total,
            total_capped=found.total_capped,
            page=found.page,
            limit=found.limit,
            pages=found.pages,
            has_next=found.has_next,
            has_prev=found.has_prev,
        )


class CursorPage(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(description="Ask again with this to go on; null at the end.")
    limit: int
