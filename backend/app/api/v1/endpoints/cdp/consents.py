"""Consents: what stands for a person and why, its receipts, and what silence means."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.api.deps import CursorParams, ScopeDep
from app.api.ids import ProfileId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.consents import (
    ConsentCategories,
    ConsentCategoriesRead,
    ConsentRecord,
    ConsentsRead,
    ConsentSummaryRead,
    ConsentWithdrawal,
    ReceiptOfConsent,
    SilencePolicy,
    SilencePolicyRead,
)
from app.schemas.pages import CursorPage
from app.services.cdp.consents.service import (
    DEFAULT_CATEGORIES,
    STRICT_COUNTRIES,
    ConsentRules,
    ConsentService,
    ConsentSettings,
    ConsentSummaries,
    Decision,
    Policy,
    Purpose,
)

router = APIRouter(prefix="/cdp/consents", tags=["cdp"])


async def consent_service(scope: ScopeDep) -> ConsentService:
    return ConsentService(scope)


async def consent_settings(scope: ScopeDep) -> ConsentSettings:
    return ConsentSettings(scope)


async def consent_summaries(scope: ScopeDep) -> ConsentSummaries:
    return ConsentSummaries(scope)


Summaries = Annotated[ConsentSummaries, Depends(consent_summaries)]
Consents = Annotated[ConsentService, Depends(consent_service)]
Settings = Annotated[ConsentSettings, Depends(consent_settings)]
Reader = Annotated[Principal, requires("cdp.consents:read")]
Writer = Annotated[Principal, requires("cdp.consents:write")]
Admin = Annotated[Principal, requires("cdp.consents:admin")]


@router.get("/policy")
async def read_policy(settings: Settings, _: Reader) -> SilencePolicyRead:
    """What silence means, country by country."""
    return _policy(await settings.current())


@router.put("/policy")
async def change_policy(body: SilencePolicy, settings: Settings, _: Admin) -> SilencePolicyRead:
    """It counts at once, for what is queued already too: consent is asked again when a send leaves."""
    countries = {code: Decision(said) for code, said in body.countries.items()}
    return _policy(await settings.set_policy(Policy(Decision(body.elsewhere), countries)))


@router.get("/categories")
async def read_categories(settings: Settings, _: Reader) -> ConsentCategoriesRead:
    """Which purposes the SDKs' consent categories stand for."""
    return _categories(await settings.current())


@router.put("/categories")
async def change_categories(body: ConsentCategories, settings: Settings, _: Admin) -> ConsentCategoriesRead:
    """What events say from now on is read by this; receipts of the past stay what they are."""
    wanted = {name: [Purpose(each) for each in said] for name, said in body.categories.items()}
    return _categories(await settings.set_categories(wanted))


@router.get("/summary")
async def read_summary(summaries: Summaries, _: Reader) -> ConsentSummaryRead:
    """How many people granted, refused and said nothing, as it was last counted."""
    return ConsentSummaryRead.model_validate(await summaries.current())


@router.post("/summary", status_code=202)
async def count_anew(summaries: Summaries, _: Writer) -> ConsentSummaryRead:
    """Have people counted anew; what is answered is the count before, until the new one is there."""
    await summaries.ask()
    return ConsentSummaryRead.model_validate(await summaries.current())


@router.get("/{profile_id}")
async def read_consents(profile_id: ProfileId, consents: Consents, _: Reader) -> ConsentsRead:
    """Every purpose as it stands now, with the reason."""
    return ConsentsRead.model_validate(await consents.of_profile(profile_id))


@router.get("/{profile_id}/receipts")
async def list_receipts(
    profile_id: ProfileId, query: Annotated[CursorParams, Query()], consents: Consents, _: Reader
) -> CursorPage[ReceiptOfConsent]:
    """Who asserted what and when, the last first."""
    found, cursor = await consents.receipts(profile_id, cursor=query.cursor, limit=query.limit)
    items = [ReceiptOfConsent.model_validate(each) for each in found]
    return CursorPage(items=items, next_cursor=cursor, limit=query.limit)


@router.post("/{profile_id}")
async def record_consent(
    profile_id: ProfileId, body: ConsentRecord, consents: Consents, _: Writer
) -> ConsentsRead:
    """Keep what the person said elsewhere, with its proof."""
    standing = await consents.record(
        profile_id,
        [Purpose(each) for each in body.purposes],
        Decision(body.decision),
        proof=body.proof,
        wording_version=body.wording_version,
        at=body.at,
    )
    return ConsentsRead.model_validate(standing)


@router.post("/{profile_id}/withdraw")
async def withdraw(
    profile_id: ProfileId, body: ConsentWithdrawal, consents: Consents, _: Writer
) -> ConsentsRead:
    """From this moment nothing of the person's leaves for these purposes, what is queued already included."""
    purposes = [Purpose(each) for each in body.purposes]
    return ConsentsRead.model_validate(
        await consents.record(profile_id, purposes, Decision.REFUSED, proof=body.proof)
    )


def _policy(current: ConsentRules) -> SilencePolicyRead:
    return SilencePolicyRead(
        elsewhere=current.policy.elsewhere.value,
        countries={code: said.value for code, said in current.policy.countries.items()},
        version=current.version,
        always_refused=sorted(STRICT_COUNTRIES),
    )


def _categories(current: ConsentRules) -> ConsentCategoriesRead:
    return ConsentCategoriesRead(
        categories={name: [each.value for each in said] for name, said in current.categories.items()},
        version=current.version,
        defaults={name: [each.value for each in said] for name, said in DEFAULT_CATEGORIES.items()},
    )
