from collections.abc import Sequence
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.errors import Conflict
from app.db.session import TenantScope
from app.db.utils import Slice, in_order, paginate
from app.models.cdp.saved import SavedQuestion

Question = TypeVar("Question", bound=SavedQuestion)


class SavedRepository(Generic[Question]):
    """The tenant's questions of one kind; `taken` is raised where another of the kind has the name."""

    def __init__(self, scope: TenantScope, model: type[Question], taken: type[Conflict]) -> None:
        self._session = scope.session
        self._model = model
        self._taken = taken

    async def add(self, question: Question) -> None:
        self._session.add(question)
        await self.save()

    async def save(self) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:
            if f"uq_{self._model.__tablename__}_name" in str(error.orig):
                raise self._taken from error
            raise

    async def remove(self, question: Question) -> None:
        await self._session.delete(question)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[Question]:
        model = self._model
        sorts = {"name": model.name, "created_at": model.created_at, "updated_at": model.updated_at}
        statement = in_order(select(model), sort, sorts, then=model.id)
        if search:
            statement = statement.where(model.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def every(self) -> Sequence[Question]:
        """All of the kind, held until this transaction's end."""
        return (
            await self._session.scalars(select(self._model).order_by(self._model.id).with_for_update())
        ).all()

    async def find(self, question_id: UUID) -> Question | None:
        found: Question | None = await self._session.scalar(
            select(self._model).where(self._model.id == question_id)
        )
        return found

    async def for_update(self, question_id: UUID) -> Question | None:
        found: Question | None = await self._session.scalar(
            select(self._model).where(self._model.id == question_id).with_for_update()
        )
        return found
