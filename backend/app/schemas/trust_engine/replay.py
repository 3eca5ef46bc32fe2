"""What a changed policy would have decided, and how what passed ended, as the API shows it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.schemas.inputs import Input
from app.schemas.times import Moment
from app.schemas.trust_engine.gate import ReasonRead, Result
from app.schemas.trust_engine.policies import PolicyDocument

OutcomeName = Literal["verified", "rolled_back", "failed", "open", "not_written", "unknown"]


class CounterfactualBody(Input):
    """What would have been decided, had this policy been in force."""

    document: PolicyDocument = Field(description="What would change of the policy in force.")
    since: Moment | None = Field(None, description="From when on; thirty days back unless given.")
    until: Moment | None = Field(None, description="Up to when; now unless given.")
    newest: int = Field(
        2_000, ge=1, le=10_000, description="Decisions at most: the newest of the period are replayed."
    )

    @model_validator(mode="after")
    def _forwards(self) -> "CounterfactualBody":
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("The time ends before it begins.")
        return self


class ReplayBody(Input):
    """A draft to hold one decision against."""

    document: PolicyDocument | None = Field(
        None, description="What a draft changes of the policy in force; left out: no draft is asked about."
    )


class ShareRead(BaseModel):
    """A share, with Wilson's 95 % interval; null where there are fewer than ten to tell it from."""

    count: int = Field(description="How many.")
    of: int = Field(description="Of how many.")
    low: float | None = Field(description="The interval's lower end, 0 to 1; null: not enough data.")
    high: float | None = Field(description="The interval's upper end, 0 to 1; null: not enough data.")


class BudgetMoneyRead(BaseModel):
    currency: str = Field(description="What the amounts are micros of.")
    raises_micros: int = Field(description="What the changes add to a day's budgets.")
    cuts_micros: int = Field(description="What the changes take from a day's budgets.")


class OutcomeRead(BaseModel):
    outcome: OutcomeName = Field(
        description="How it ended. `verified`: kept to the end of its watch; `open`: not yet; "
        "`not_written`: it expired, was dismissed or decided again; "
        "`unknown`: no action of ours stands behind it."
    )
    decisions: int = Field(description="How many.")
    money: list[BudgetMoneyRead] = Field(description="What they moved, by currency.")
    unpriced: int = Field(description="Of them, how many do not say what they move.")


class CodeRead(BaseModel):
    code: str = Field(description="A reason's stable code.")
    result: Result = Field(description="What it alone leads to.")
    decisions: int = Field(
        description="How many decisions it stands in the way of by only one of the policies."
    )


class VerdictChangeRead(BaseModel):
    before: Result = Field(description="What was decided.")
    after: Result = Field(description="What would have been.")
    decisions: int = Field(description="How many.")
    money: list[BudgetMoneyRead] = Field(description="What they ask to move, by currency.")
    unpriced: int = Field(description="Of them, how many do not say what they move.")
    outcomes: list[OutcomeRead] = Field(
        description="How those that passed ended. Empty for others: what was not written has no outcome."
    )
    rolled_back: ShareRead | None = Field(
        description="Of those that passed and were kept to the end or undone, the undone; null for others."
    )
    reasons: list[CodeRead] = Field(description="What differs, the most frequent first.")


class VerdictsRead(BaseModel):
    PASS: int = Field(description="Decisions that let the change pass.")
    HOLD: int = Field(description="Decisions that held it for a person.")
    BLOCK: int = Field(description="Decisions that refused it.")


class UndecidedRead(BaseModel):
    before: Result = Field(description="What was decided.")
    gap: str = Field(description="Why it cannot be decided again, as a stable code.")
    message: str = Field(description="The same in words.")
    decisions: int = Field(description="How many.")


class SplitRead(BaseModel):
    before: VerdictsRead = Field(
        description="As it was decided, those included that cannot be decided again."
    )
    after: VerdictsRead = Field(description="As it would have been, without those.")
    undecided: list[UndecidedRead] = Field(description="Those that cannot be decided again.")
    transitions: list[VerdictChangeRead] = Field(description="Every pair of what was and would have been.")


class RiskGroupRead(SplitRead):
    risk_class: str = Field(description="`high`, `standard`, `conservative`, `cut` or `safety`.")
    platform: str = Field(description="Of the ad account.")
    account: str = Field(description="The ad account, as the platform spells it.")
    ad_account_id: UUID | None = Field(description="The ad account's id here.")


class CounterfactualRead(BaseModel):
    since: datetime = Field(description="The period's beginning.")
    until: datetime = Field(description="The period's end, which is not in it.")
    policy_version: int = Field(description="The version that the draft would be.")
    rescored: bool = Field(
        description="Scores and modes were worked out anew from the signals; else the draft changes neither."
    )
    rows: int = Field(description="Decisions that were replayed.")
    cut_short: bool = Field(description="The period holds older decisions, which were left out.")
    first_sequence: int = Field(description="The ledger's row from which on it was replayed.")
    unreadable: int = Field(description="Rows that do not even say what they were about.")
    together: SplitRead = Field(description="All accounts and classes.")
    groups: list[RiskGroupRead] = Field(description="By class of risk and ad account.")
    as_of: datetime = Field(description="When it was reckoned, on the domain's clock.")


class RedecidedRead(BaseModel):
    result: Result | None = Field(description="Null where it cannot be decided again.")
    score: float | None = Field(description="What the score counts for; null while unknown.")
    required_score: float | None = Field(description="What such a change needs; null where it reads none.")
    reasons: list[ReasonRead] = Field(description="Why, the gravest first.")
    gap: str | None = Field(
        description="What is missing, in words; a result stands whatever it would have said."
    )


class ReplayedRead(BaseModel):
    """One row, decided again from what it read."""

    recorded: RedecidedRead = Field(description="As it stands in the ledger.")
    own: RedecidedRead = Field(description="Again, by its own policy: the same, or the row is at fault.")
    identical: bool | None = Field(
        description="Whether it came out the same, to the letter; null: this program cannot decide it again."
    )
    present: RedecidedRead = Field(description="By the policy that is in force now.")
    present_version: int = Field(description="That policy's version.")
    draft: RedecidedRead | None = Field(description="By the draft; null where none was given.")


class BandRead(BaseModel):
    risk_class: str | None = Field(description="Null: all classes together.")
    low: int | None = Field(description="The band's lowest score; null: no score was read.")
    high: int | None = Field(description="Where the band ends; the last one holds 100 too.")
    passed: int = Field(description="Actions that passed and went by that decision.")
    ended: int = Field(description="Of them, kept to the end of their watch, rolled back or failed by now.")
    verified: ShareRead = Field(description="Kept, of those that have ended.")
    rolled_back: ShareRead = Field(description="Undone, of those that have ended.")
    failed: ShareRead = Field(description="Refused, or not read back as asked, of those that have ended.")


class CalibrationRead(BaseModel):
    since: datetime = Field(description="The period's beginning.")
    until: datetime = Field(description="The period's end, which is not in it.")
    bands: list[BandRead] = Field(description="All classes together first, then each; by rising score.")
    as_of: datetime = Field(description="When it was reckoned, on the domain's clock.")
