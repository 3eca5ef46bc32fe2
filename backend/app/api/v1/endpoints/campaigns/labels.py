"""Labels on campaigns: the company's own words, which no platform knows of."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import PageParams, ScopeDep
from app.api.ids import LabelId
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.campaigns.labels import (
    LabelChange,
    LabelChanged,
    LabelCreate,
    LabelPatch,
    LabelRead,
    LabelSort,
)
from app.schemas.pages import Page
from app.services.campaigns.labels.service import LabelLine, Labels

router = APIRouter(prefix="/campaigns/labels", tags=["campaigns"])

Reader = Annotated[Principal, requires("campaigns.labels:read")]
Writer = Annotated[Principal, requires("campaigns.labels:write")]


async def labels(scope: ScopeDep) -> Labels:
    return Labels(scope)


LabelsDep = Annotated[Labels, Depends(labels)]


class LabelQuery(PageParams):
    sort: LabelSort = Field("name", description="A leading minus turns the order round.")


def _read(line: LabelLine) -> LabelRead:
    label = line.label
    return LabelRead(
        id=label.id,
        name=label.name,
        campaigns=line.campaigns,
        created_by=label.created_by,
        created_at=label.created_at,
    )


@router.get("")
async def list_labels(found: LabelsDep, asked: Annotated[LabelQuery, Query()], _: Reader) -> Page[LabelRead]:
    """Every label, with how many campaigns bear it."""
    page = await found.page(page=asked.page, limit=asked.limit, sort=asked.sort)
    return Page[LabelRead].of(page, [_read(each) for each in page.items])


@router.post("", status_code=201)
async def create_label(wanted: LabelCreate, found: LabelsDep, _: Writer) -> LabelRead:
    """A new label, on no campaign yet."""
    return _read(await found.create(wanted.name))


@router.patch("/{label_id}")
async def rename_label(label_id: LabelId, wanted: LabelPatch, found: LabelsDep, _: Writer) -> LabelRead:
    """Rename it on every campaign that bears it."""
    return _read(await found.rename(label_id, wanted.name))


@router.delete("/{label_id}", status_code=204)
async def delete_label(label_id: LabelId, found: LabelsDep, _: Writer) -> None:
    """Delete it, and take it off every campaign."""
    await found.delete(label_id)


@router.post("/{label_id}/campaigns")
async def change_labelled(
    label_id: LabelId, wanted: LabelChange, found: LabelsDep, _: Writer
) -> LabelChanged:
    """Put it on many campaigns at once, or take it off: an outcome for each, in the order that was asked."""
    done = await found.change(label_id, wanted.add_campaign_ids, wanted.remove_campaign_ids)
    return LabelChanged(added=done.added, removed=done.removed)
