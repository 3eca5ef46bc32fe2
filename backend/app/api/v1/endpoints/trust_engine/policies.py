"""Trust policies: weights, floors and thresholds, by version."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends

from app.api.deps import PageQuery, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.pages import Page
from app.schemas.trust_engine.policies import PolicyCreate, PolicyRead
from app.services.trust_engine.policies.service import Adopted, Policies

router = APIRouter(prefix="/trust/policies", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.policies:read")]
Writer = Annotated[Principal, requires("trust_engine.policies:write")]


async def policies(scope: ScopeDep) -> Policies:
    return Policies(scope)


PoliciesDep = Annotated[Policies, Depends(policies)]


@router.get("")
async def list_policies(query: PageQuery, found: PoliciesDep, _: Reader) -> Page[PolicyRead]:
    """Every version, the newest first, the default last."""
    versions = await found.versions(page=query.page, limit=query.limit)
    return Page[PolicyRead].of(versions, [_read(each) for each in versions.items])


@router.get("/current")
async def read_current_policy(found: PoliciesDep, _: Reader) -> PolicyRead:
    """The policy in force; the default where none was adopted."""
    return _read(await found.adopted())


@router.post("", status_code=201)
async def adopt_policy(body: PolicyCreate, found: PoliciesDep, _: Writer) -> PolicyRead:
    """Bring in the next version. Until accounts are evaluated by it, nothing passes that needs health."""
    changes = body.document.model_dump(exclude_none=True)
    return _read(await found.adopt(changes, note=body.note))


def _read(found: Adopted) -> PolicyRead:
    return PolicyRead(
        version=found.policy.version,
        created_at=found.adopted_at,
        created_by=found.adopted_by,
        note=found.note,
        document=msgspec.to_builtins(found.policy),
    )
