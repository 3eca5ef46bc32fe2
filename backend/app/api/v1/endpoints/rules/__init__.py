"""Rules over campaigns: what is to be done when, previewed, backtested, and held against each other."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, CursorQuery, PageParams, ScopeDep, ScopesDep, Search
from app.api.ids import RuleId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.autopilot.actions import GateReason
from app.schemas.pages import CursorPage, Page
from app.schemas.rules import (
    BacktestBody,
    BacktestDay,
    CampaignVerdict,
    ConflictRead,
    ConflictsBody,
    FigureRead,
    PastCampaign,
    PreviewBody,
    RuleBacktest,
    RuleConflicts,
    RuleCreate,
    RuleEvaluationRead,
    RuleFiringRead,
    RulePatch,
    RulePreview,
    RuleRead,
    RuleSort,
    RuleState,
)
from app.services.rules.service import (
    IDLE,
    UNKNOWN,
    PastDay,
    PreviewLine,
    RuleEvaluating,
    RuleService,
    RuleView,
)

router = APIRouter(prefix="/rules", tags=["rules"])

Reader = Annotated[Principal, requires("rules:read")]
Writer = Annotated[Principal, requires("rules:write")]


async def rule_service(scope: ScopeDep) -> RuleService:
    return RuleService(scope)


async def rule_evaluating(scopes: ScopesDep) -> RuleEvaluating:
    return RuleEvaluating(scopes)


Rules = Annotated[RuleService, Depends(rule_service)]
Evaluating = Annotated[RuleEvaluating, Depends(rule_evaluating)]


class RuleQueryParams(PageParams):
    sort: RuleSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None
    archived: bool = Field(default=False, description="Those that were archived, instead of the others.")


class EvaluationParams(CursorParams):
    telling: bool = Field(
        default=False, description="Only those that held for a campaign, or could not know of one."
    )


def shown(rule: RuleView) -> RuleRead:
    own = set(RuleRead.model_fields) - {"state"}
    state: RuleState = "archived" if rule.archived_at is not None else "on" if rule.enabled else "off"
    return RuleRead(**{name: getattr(rule, name) for name in own}, state=state)


@router.get("")
async def list_rules(asked: Annotated[RuleQueryParams, Query()], rules: Rules, _: Reader) -> Page[RuleRead]:
    """The rules that fit the filters, a page of them."""
    found = await rules.page(
        page=asked.page, limit=asked.limit, sort=asked.sort, search=asked.q, archived=asked.archived
    )
    return Page[RuleRead].of(found, [shown(each) for each in found.items])


@router.post("", status_code=201)
async def create_rule(body: RuleCreate, rules: Rules, _: Writer) -> RuleRead:
    """Refused where it works against a rule that is switched on, with an example, unless that is accepted."""
    made = await rules.create(
        body.name,
        body.description,
        body.definition,
        body.schedule,
        cooldown_hours=body.cooldown_hours,
        enabled=body.enabled,
        accept_conflicts=body.accept_conflicts,
    )
    return shown(made)


@router.post("/preview")
async def preview_rule(body: PreviewBody, rules: Rules, _: Writer) -> RulePreview:
    """What a rule would do now, for each campaign with the figures that it reads; nothing is written."""
    found = await rules.preview(body.name, body.definition)
    return RulePreview(
        considered=found.verdicts.considered,
        held=len(found.verdicts.held),
        unknown=found.verdicts.unknown,
        unknown_by_reason=dict(found.verdicts.unknown_by_reason),
        paths=list(found.paths),
        campaigns=[_verdict(each) for each in found.lines],
    )


def _verdict(line: PreviewLine) -> CampaignVerdict:
    seen, said = line.seen, None
    if line.idle is not None:
        said = IDLE[line.idle]
    elif seen.why is not None:
        said = next((text for code, text in UNKNOWN.items() if code == seen.why), None)
    reasons = [] if line.decision is None else line.decision.reasons
    return CampaignVerdict(
        campaign_id=seen.id,
        campaign=seen.name,
        platform=seen.platform,
        status=seen.status,
        currency=seen.currency,
        holds=seen.matched,
        why=seen.why,
        sentence=said,
        figures=[FigureRead.model_validate(each) for each in seen.figures],
        conditions=list(seen.leaves),
        before=None if line.step is None else dict(line.step.before),
        after=None if line.step is None else dict(line.step.after),
        verdict=None if line.decision is None else line.decision.verdict.value,
        reasons=[
            GateReason(
                code=each.code, verdict=each.verdict.value, sentence=each.sentence, violation=each.violation
            )
            for each in reasons
        ],
    )


@router.post("/backtest")
async def backtest_rule(body: BacktestBody, rules: Rules, _: Writer) -> RuleBacktest:
    """What a rule would have proposed on past days, from what was known on each of them."""
    found = await rules.backtest(body.definition, body.schedule, body.cooldown_hours, body.days)
    return RuleBacktest(
        days=[_past(each) for each in found.days],
        not_looked_at=list(found.not_looked_at),
        unknowable=list(found.unknowable),
    )


def _past(day: PastDay) -> BacktestDay:
    return BacktestDay(
        day=day.day,
        at=day.at,
        considered=day.considered,
        held=day.held,
        fired=day.fired,
        unknown_by_reason=dict(day.unknown_by_reason or {}),
        examples=[
            PastCampaign(
                campaign_id=each.id,
                campaign=each.name,
                currency=each.currency,
                figures=[FigureRead.model_validate(figure) for figure in each.figures],
            )
            for each in day.examples
        ],
    )


@router.post("/conflicts")
async def find_conflicts(body: ConflictsBody, rules: Rules, _: Writer) -> RuleConflicts:
    """The rules that are switched on and work, or may work, against this one; nothing is saved."""
    found = await rules.conflicts(body.definition, but_not=body.rule_id)
    return RuleConflicts(conflicts=[ConflictRead.model_validate(each) for each in found])


@router.get("/{rule_id}")
async def get_rule(rule_id: RuleId, rules: Rules, _: Reader) -> RuleRead:
    """One rule with its definition and its times."""
    return shown(await rules.one(rule_id))


@router.patch("/{rule_id}")
async def change_rule(rule_id: RuleId, body: RulePatch, rules: Rules, _: Writer) -> RuleRead:
    """Change what is given, or switch it on or off; another definition is a new version."""
    changed = await rules.change(
        rule_id,
        name=body.name,
        description=body.description,
        definition=body.definition,
        schedule=body.schedule,
        cooldown_hours=body.cooldown_hours,
        enabled=body.enabled,
        accept_conflicts=body.accept_conflicts,
    )
    return shown(changed)


@router.delete("/{rule_id}", status_code=204)
async def archive_rule(rule_id: RuleId, rules: Rules, _: Writer) -> None:
    """It runs no more; its history can still be read, and its name is free."""
    await rules.archive(rule_id)


@router.post("/{rule_id}/run")
async def run_rule(rule_id: RuleId, evaluating: Evaluating, _: Writer) -> RuleEvaluationRead:
    """Evaluate it now, and act: what it proposes goes through the gate like anything else."""
    return RuleEvaluationRead.model_validate(await evaluating.run_now(rule_id))


@router.get("/{rule_id}/evaluations")
async def list_evaluations(
    rule_id: RuleId, query: Annotated[EvaluationParams, Query()], rules: Rules, _: Reader
) -> CursorPage[RuleEvaluationRead]:
    """What each evaluation found, the newest first."""
    found, cursor = await rules.evaluations(
        rule_id, telling=query.telling, cursor=query.cursor, limit=query.limit
    )
    items = [RuleEvaluationRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.get("/{rule_id}/firings")
async def list_firings(
    rule_id: RuleId, query: CursorQuery, rules: Rules, _: Reader
) -> CursorPage[RuleFiringRead]:
    """The campaigns about which something was done, with the figures and the actions, the newest first."""
    found, cursor = await rules.firings(rule_id, cursor=query.cursor, limit=query.limit)
    items = [RuleFiringRead.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)
