"""Templates: well-known rules, made one's own with a few numbers. What is made is switched off until somebody looks."""

from collections.abc import Sequence
from decimal import Decimal

from app.core.errors import FieldError
from app.db.session import TenantScope
from app.services.rules.service import RuleService, RuleView
from app.services.rules.templates.errors import TemplateInvalid, TemplateNotFound
from app.services.rules.templates.rules import TEMPLATES, Parameter, Template, Values, faults, filled
from app.services.tenants.service import TenantService

__all__ = ["Parameter", "RuleTemplates", "Template"]


class RuleTemplates:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope

    def every(self) -> Sequence[Template]:
        return list(TEMPLATES.values())

    async def use(self, name: str, *, title: str | None, currency: str | None, values: Values) -> RuleView:
        """A rule of the template, switched off; money is in the company's currency unless another is named."""
        template = TEMPLATES.get(name)
        if template is None:
            raise TemplateNotFound(template=name)
        if wrong := faults(template, values):
            raise TemplateInvalid(
                fields=[
                    FieldError(f"body.values.{each}", said, "template_value") for each, said in wrong.items()
                ]
            )
        company = await TenantService(self._scope).current()
        known = {each: Decimal(value) for each, value in filled(template, values).items()}
        return await RuleService(self._scope).create(
            title or template.title,
            template.description,
            template.definition(known, currency or company.currency),
            template.schedule_in(company.timezone),
            cooldown_hours=template.cooldown_hours,
            enabled=False,
            # It is held against the others when it is switched on.
            accept_conflicts=True,
            template=template.name,
        )
