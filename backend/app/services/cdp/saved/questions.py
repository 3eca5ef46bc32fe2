"""Questions that people keep by name, of whatever kind: made, read, changed and removed alike."""

from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from app.core.errors import Conflict, NotFound
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.db.utils import Slice
from app.services.audit_logs.service import AuditLog
from app.services.cdp.conditions.service import Named, told
from app.services.cdp.saved.repository import Question, SavedRepository

__all__ = ["Definition", "Question", "SavedQuestions"]

Definition = TypeVar("Definition", bound=BaseModel)


class SavedQuestions(Generic[Question, Definition]):
    """One kind of them: a feature names its model, its definition, its errors and its place in the audit log."""

    area: ClassVar[str]
    model: type[Question]
    definition: type[Definition]
    missing: ClassVar[type[NotFound]]
    taken: ClassVar[type[Conflict]]

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._saved: SavedRepository[Question] = SavedRepository(scope, self.model, self.taken)
        self._audit = AuditLog(scope)

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[Question]:
        return await self._saved.page(page=page, limit=limit, sort=sort, search=search)

    async def get(self, question_id: UUID) -> Question:
        return self._there(await self._saved.find(question_id), question_id)

    async def asked(self, question_id: UUID) -> Definition:
        """What it asks."""
        return self.definition.model_validate((await self.get(question_id)).definition)

    async def check(self, definition: Definition) -> object:
        """Raise what tells why it cannot be answered."""
        raise NotImplementedError

    async def compute(self, definition: Definition) -> object:
        """The answer as of now, by the names that its schema has."""
        raise NotImplementedError

    async def create(self, name: str, definition: Definition) -> Question:
        await self.check(definition)
        now, actor = self._scope.now(), self._scope.actor
        question = self.model(
            id=uuid7(),
            name=name,
            definition=definition.model_dump(mode="json"),
            created_by=actor.id,
            created_at=now,
            updated_at=now,
            updated_by=actor.label,
        )
        await self._saved.add(question)
        await self._told("created", question, after=_said(question))
        return question

    async def change(self, question_id: UUID, *, name: str | None, definition: Definition | None) -> Question:
        question = self._there(await self._saved.for_update(question_id), question_id)
        before = _said(question)
        if definition is not None:
            await self.check(definition)
            question.definition = definition.model_dump(mode="json")
        # Last: whatever asks the database after it would store it, and meet one that is taken.
        if name is not None:
            question.name = name
        if (after := _said(question)) != before:
            question.updated_at, question.updated_by = self._scope.now(), self._scope.actor.label
            await self._saved.save()
            await self._told("changed", question, before=before, after=after)
        return question

    async def remove(self, question_id: UUID) -> None:
        question = self._there(await self._saved.for_update(question_id), question_id)
        await self._saved.remove(question)
        await self._told("removed", question, before=_said(question))

    async def forget(self, named: Named) -> int:
        """Take out of every one what names a person who is erased; of how many."""
        changed = 0
        every = await self._saved.every()
        for question in every:
            name = named.renamed(question.name, [each.name for each in every if each is not question])
            definition = named.taken_out(question.definition)
            if (name, definition) == (question.name, question.definition):
                continue
            changed += 1
            question.name, question.definition = name, definition
            await self._audit.record(
                f"{self.area}.person_taken_out", entity=self.model.__tablename__, entity_id=question.id
            )
        await self._saved.save()
        return changed

    async def _told(self, what: str, question: Question, **said: dict[str, Any]) -> None:
        entity = self.model.__tablename__
        await self._audit.record(f"{self.area}.{what}", entity=entity, entity_id=question.id, **said)

    def _there(self, question: Question | None, question_id: UUID) -> Question:
        if question is None:
            raise self.missing(id=str(question_id))
        return question


def _said(question: Question) -> dict[str, Any]:
    return {"name": question.name, "definition": told(question.definition, question.tenant_id)}
