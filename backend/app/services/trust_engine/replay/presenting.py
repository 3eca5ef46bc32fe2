"""Replays as people are shown them."""

from datetime import datetime

from app.models.trust_engine.kinds import Verdict
from app.schemas.trust_engine.gate import ReasonRead, Result
from app.schemas.trust_engine.replay import (
    BandRead,
    BudgetMoneyRead,
    CalibrationRead,
    CodeRead,
    CounterfactualRead,
    OutcomeRead,
    RedecidedRead,
    ReplayedRead,
    RiskGroupRead,
    ShareRead,
    SplitRead,
    UndecidedRead,
    VerdictChangeRead,
    VerdictsRead,
)
from app.services.trust_engine.gate.facts import GateDecision
from app.services.trust_engine.replay.calibration_rules import Band
from app.services.trust_engine.replay.intervals_rules import Share
from app.services.trust_engine.replay.rescoring_rules import SENTENCES
from app.services.trust_engine.replay.rules import Redecided
from app.services.trust_engine.replay.service import Again, Counterfactual, Period
from app.services.trust_engine.replay.tally_rules import Cell, Group, Key, Money

RESULTS: dict[str, Result] = {"pass": "PASS", "hold": "HOLD", "block": "BLOCK"}


def counterfactual_read(found: Counterfactual) -> CounterfactualRead:
    keys = sorted(found.tally.groups, key=lambda key: (key.platform, key.account, key.risk))
    return CounterfactualRead(
        since=found.period.since,
        until=found.period.until,
        policy_version=found.policy.version if found.policy else 0,
        rescored=found.rescored,
        rows=found.tally.rows,
        cut_short=found.cut_short,
        first_sequence=found.first_seq,
        unreadable=found.tally.unreadable,
        together=SplitRead.model_validate(_split(found.tally.together)),
        groups=[_group(key, found.tally.groups[key]) for key in keys],
        as_of=found.as_of,
    )


def replayed_read(found: Again) -> ReplayedRead:
    return ReplayedRead(
        recorded=_decision(found.recorded),
        own=_redecided(found.own),
        identical=None if found.own.decision is None else found.own.decision == found.recorded,
        present=_redecided(found.present),
        present_version=found.present_version,
        draft=None if found.draft is None else _redecided(found.draft),
    )


def calibration_read(found: list[Band], period: Period, as_of: datetime) -> CalibrationRead:
    return CalibrationRead(
        since=period.since, until=period.until, bands=[_band(each) for each in found], as_of=as_of
    )


def _band(found: Band) -> BandRead:
    return BandRead(
        risk_class=found.risk,
        low=found.low,
        high=found.high,
        passed=found.passed,
        ended=found.ended,
        verified=_share(found.verified),
        rolled_back=_share(found.rolled_back),
        failed=_share(found.failed),
    )


def _group(key: Key, group: Group) -> RiskGroupRead:
    return RiskGroupRead(
        risk_class=key.risk,
        platform=key.platform,
        account=key.account,
        ad_account_id=key.ad_account_id,
        **_split(group),
    )


def _split(group: Group) -> dict[str, object]:
    return {
        "before": _verdicts({verdict: group.before[verdict] for verdict in Verdict}),
        "after": _verdicts({verdict: group.after[verdict] for verdict in Verdict}),
        "undecided": [
            UndecidedRead(before=RESULTS[verdict], gap=gap, message=SENTENCES[gap], decisions=count)
            for (verdict, gap), count in sorted(group.gaps.items())
        ],
        "transitions": [
            _transition(before, after, cell) for (before, after), cell in sorted(group.cells.items())
        ],
    }


def _verdicts(counts: dict[Verdict, int]) -> VerdictsRead:
    return VerdictsRead(PASS=counts[Verdict.PASS], HOLD=counts[Verdict.HOLD], BLOCK=counts[Verdict.BLOCK])


def _transition(before: Verdict, after: Verdict, cell: Cell) -> VerdictChangeRead:
    return VerdictChangeRead(
        before=RESULTS[before],
        after=RESULTS[after],
        decisions=cell.count,
        money=_money(cell.money),
        unpriced=cell.money.unpriced,
        outcomes=[
            OutcomeRead(
                outcome=outcome.value,
                decisions=cell.ended[outcome],
                money=_money(money),
                unpriced=money.unpriced,
            )
            for outcome, money in sorted(cell.outcomes.items())
        ],
        rolled_back=_share(cell.rolled_back) if before is Verdict.PASS else None,
        reasons=[_code(code, count) for code, count in cell.reasons.most_common()],
    )


def _code(told: str, count: int) -> CodeRead:
    code, _, verdict = told.rpartition(":")
    return CodeRead(code=code, result=RESULTS[verdict], decisions=count)


def _money(money: Money) -> list[BudgetMoneyRead]:
    return [
        BudgetMoneyRead(
            currency=currency, raises_micros=money.raises[currency], cuts_micros=money.cuts[currency]
        )
        for currency in sorted({*money.raises, *money.cuts})
    ]


def _share(found: Share) -> ShareRead:
    return ShareRead(count=found.count, of=found.of, low=found.low, high=found.high)


def _redecided(found: Redecided) -> RedecidedRead:
    gap = None if found.gap is None else SENTENCES[found.gap]
    if found.decision is None:
        return RedecidedRead(result=None, score=None, required_score=None, reasons=[], gap=gap)
    return _decision(found.decision).model_copy(update={"gap": gap})


def _decision(found: GateDecision) -> RedecidedRead:
    return RedecidedRead(
        result=RESULTS[found.verdict],
        score=found.score,
        required_score=found.need,
        reasons=[
            ReasonRead(
                code=each.code,
                message=each.sentence,
                detail={"verdict": RESULTS[each.verdict], "violation": each.violation},
            )
            for each in found.reasons
        ],
        gap=None,
    )
