"""Computed traits, the ranking of customers, and what speaks for their having left."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep, Search
from app.api.ids import ProfileId, TraitId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.cdp.traits import (
    ChurnInputs,
    ProfileTrait,
    ProfileTraits,
    RfmRead,
    RfmScores,
    TraitCreate,
    TraitEvidence,
    TraitPatch,
    TraitPreview,
    TraitPreviewRequest,
    TraitRead,
    TraitSort,
    TraitWhy,
)
from app.schemas.pages import Page
from app.services.cdp.traits.service import NEEDED_CUSTOMERS, Standing, TraitService, TraitView

router = APIRouter(prefix="/cdp/traits", tags=["cdp"])


async def trait_service(scope: ScopeDep) -> TraitService:
    return TraitService(scope)


Traits = Annotated[TraitService, Depends(trait_service)]
Reader = Annotated[Principal, requires("cdp.traits:read")]
Writer = Annotated[Principal, requires("cdp.traits:write")]


class TraitQueryParams(PageParams):
    sort: TraitSort = Field("name", description="A leading minus turns the order round.")
    q: Search = None


def _read(trait: TraitView) -> TraitRead:
    own = set(TraitRead.model_fields) - {"state"}
    state = "live" if trait.computing_since is None else "computing"
    return TraitRead.model_validate({name: getattr(trait, name) for name in own} | {"state": state})


def _standing(standing: Standing | None) -> RfmRead:
    told: dict[str, Any] = dict(standing.summary) if standing else {}
    done = standing is not None and standing.computed_at is not None
    ranked, customers = told.get("ranked", 0), told.get("customers", 0)
    return RfmRead.model_validate(
        {
            "state": "not_yet" if not done else "ready" if told.get("cells") else "not_enough_data",
            "running": standing is not None and standing.run_id is not None,
            "computed_at": standing.computed_at if standing else None,
            "next_at": standing.next_at if standing else None,
            "needed": NEEDED_CUSTOMERS,
            "currency": None,
            "customers": customers,
            "ranked": ranked,
            "left_out": customers - ranked,
            "without_rate": [],
            "rates": [],
            "thresholds": None,
            "cells": [],
            **told,
        }
    )


@router.get("")
async def list_traits(
    asked: Annotated[TraitQueryParams, Query()], traits: Traits, _: Reader
) -> Page[TraitRead]:
    """The computed traits that fit the filters, a page of them."""
    found = await traits.page(page=asked.page, limit=asked.limit, sort=asked.sort, search=asked.q)
    return Page[TraitRead].of(found, [_read(each) for each in found.items])


@router.post("", status_code=201)
async def create_trait(body: TraitCreate, traits: Traits, _: Writer) -> TraitRead:
    """Everybody has it computed by a task; it follows what they do from then on."""
    return _read(await traits.create(body.name, body.description, body.definition))


@router.post("/preview")
async def preview_trait(body: TraitPreviewRequest, traits: Traits, _: Writer) -> TraitPreview:
    """Exactly how many people would have a value, how these are spread, and some of them; nothing is saved."""
    return TraitPreview.model_validate(asdict(await traits.preview(body.definition)))


@router.get("/rfm")
async def read_rfm(traits: Traits, _: Reader) -> RfmRead:
    """How many customers are in each cell, what they paid, and where the cells' borders lie."""
    return _standing(await traits.standing())


@router.post("/rfm/recompute", status_code=202)
async def recompute_rfm(traits: Traits, _: Writer) -> RfmRead:
    """Rank the customers now and not only tomorrow; `running` and `computed_at` tell how far it is."""
    return _standing(await traits.rank())


@router.get("/profiles/{profile_id}")
async def read_profile_traits(profile_id: ProfileId, traits: Traits, _: Reader) -> ProfileTraits:
    """Everything that is computed of one person."""
    found = await traits.of_profile(profile_id)
    return ProfileTraits(
        profile_id=found.profile_id,
        traits=[
            ProfileTrait.model_validate(
                {
                    "id": trait.id,
                    "name": trait.name,
                    "description": trait.description,
                    "definition": trait.definition,
                    "value": value,
                }
            )
            for trait, value in found.traits
        ],
        rfm=RfmScores.model_validate(found.rfm) if found.rfm else None,
        rfm_computed_at=found.rfm_computed_at,
        churn=ChurnInputs.model_validate(asdict(found.churn)) if found.churn else None,
    )


@router.get("/{trait_id}")
async def read_trait(trait_id: TraitId, traits: Traits, _: Reader) -> TraitRead:
    """One computed trait, with its definition and its state."""
    return _read(await traits.one(trait_id))


@router.patch("/{trait_id}")
async def change_trait(trait_id: TraitId, body: TraitPatch, traits: Traits, _: Writer) -> TraitRead:
    """Change what is given; another definition is a new version."""
    return _read(await traits.change(trait_id, description=body.description, definition=body.definition))


@router.delete("/{trait_id}", status_code=204)
async def delete_trait(trait_id: TraitId, traits: Traits, _: Writer) -> None:
    """Its values go with it, by a task; refused while segments ask for it."""
    await traits.remove(trait_id)


@router.post("/{trait_id}/recompute", status_code=202)
async def recompute_trait(trait_id: TraitId, traits: Traits, _: Writer) -> TraitRead:
    """Compute it of everybody anew; `state` and `computed_at` tell how far it is."""
    return _read(await traits.recompute(trait_id))


@router.get("/{trait_id}/why/{profile_id}")
async def why_trait(trait_id: TraitId, profile_id: ProfileId, traits: Traits, _: Reader) -> TraitWhy:
    """A person's value, and the events that it rests on."""
    found = await traits.why(trait_id, profile_id)
    return TraitWhy.model_validate(
        {
            "name": found.name,
            "definition": found.definition,
            "value": found.value,
            "stored": found.stored,
            "events": [TraitEvidence(id=event_id, at=at) for event_id, at in found.events],
            "event_count": found.event_count,
        }
    )
