"""Pages of lists. Where data grows without end a cursor takes the place of numbers, and there is no total."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

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


class CursorPage(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = Field(description="Ask again with this to go on; null at the end.")
    limit: int
