"""Pages of lists. Where data grows without end a cursor takes the place of numbers, and there is no total."""

from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, Field

from app.db.utils import Slice

Item = TypeVar("Item")

TOTAL_CAP = 10_000


class Page(BaseModel, Generic[Item]):
    """A page by its number, of a list that stays small enough to count."""

    items: list[Item] = Field(description="The rows of this page.")
    total: int = Field(description=f"Rows that match; {TOTAL_CAP} when `total_capped`.")
    total_capped: bool = Field(default=False, description="There are more than `total` says.")
    page: int = Field(description="Which page; the first is 1.")
    limit: int = Field(description="Rows of a page, at most.")
    pages: int = Field(description="How many pages there are, of the rows that `total` counts.")
    has_next: bool = Field(description="There is a page after this one.")
    has_prev: bool = Field(description="There is a page before this one.")

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
    """A page by its cursor, of a list that grows without end: no total."""

    items: list[Item] = Field(description="The rows of this page.")
    next_cursor: str | None = Field(description="Ask again with this to go on; null at the end.")
    limit: int = Field(description="Rows of a page, at most.")
