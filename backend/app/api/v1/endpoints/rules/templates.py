"""Templates of rules: well-known ones, made one's own with a few numbers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from app.api.deps import ScopeDep
from app.api.v1.endpoints.rules import Reader, Writer, shown
from app.schemas.rules import RuleRead
from app.schemas.rules.templates import TemplateRead, TemplateUse
from app.services.rules.templates.service import RuleTemplates

router = APIRouter(prefix="/rules/templates", tags=["rules"])


async def rule_templates(scope: ScopeDep) -> RuleTemplates:
    return RuleTemplates(scope)


Templates = Annotated[RuleTemplates, Depends(rule_templates)]
TemplateName = Annotated[str, Path(max_length=60, pattern=r"^[a-z_]+$", description="The template's name.")]


@router.get("")
async def list_templates(templates: Templates, _: Reader) -> list[TemplateRead]:
    """Every template, with the numbers that it asks for."""
    return [TemplateRead.model_validate(each) for each in templates.every()]


@router.post("/{name}", status_code=201)
async def use_template(name: TemplateName, body: TemplateUse, templates: Templates, _: Writer) -> RuleRead:
    """Make a rule of it; it is switched off until somebody has looked at its preview."""
    return shown(await templates.use(name, title=body.name, currency=body.currency, values=body.values))
