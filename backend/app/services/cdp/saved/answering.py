"""Long questions that people keep by name: answered over connections of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic
from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.services.cdp.answers.service import Answer, Answers
from app.services.cdp.answers.service import Question as Asked
from app.services.cdp.saved.questions import Definition, Question, SavedQuestions
from app.services.tenants.service import TenantService


class SavedAnswers(Generic[Question, Definition, Answer]):
    """One kind of them. A short transaction reads what is asked, and is over before the answer is looked for."""

    service: type[SavedQuestions[Question, Definition]]
    answer: type[Answer]

    def __init__(self, scopes: Scopes, answers: Answers) -> None:
        self._scopes = scopes
        self._answers = answers

    async def of(self, definition: Definition, *, fresh: bool = False) -> Answer:
        """As of half a minute ago at the most; `fresh`: of now, or of when whoever waits for the same asked."""
        async with self._scopes() as scope:
            await self.service(scope).check(definition)
            tenant_id, zone = scope.tenant_id, (await TenantService(scope).current()).timezone

        async def ask(scope: TenantScope) -> Answer:
            return self.answer.model_validate(await self.service(scope).compute(definition))

        text = f"{zone} {definition.model_dump_json()}"
        return await self._answers.of(
            tenant_id, Asked(self.service.area, text, self.answer, ask), fresh=fresh
        )

    async def of_saved(self, question_id: UUID, *, fresh: bool = False) -> Answer:
        async with self._scopes() as scope:
            definition = await self.service(scope).asked(question_id)
        return await self.of(definition, fresh=fresh)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[TenantScope]:
        """A scope of the same tenant and actor over one of the connections for questions."""
        async with self._scopes() as scope:
            tenant_id, actor = scope.tenant_id, scope.actor
        async with self._answers.turn(tenant_id, actor) as scope:
            yield scope
