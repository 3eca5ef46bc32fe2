"""`/control/faults`: break something, see what is broken, repair it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import iso
from sandbox.control.refusals import Refused
from sandbox.control.times import seconds
from sandbox.faults import NETWORK_FAULTS, WORLD_FAULTS, Fault
from sandbox.services import Services
from sandbox.vendors.table import Vendors

AVAILABLE = {"world": WORLD_FAULTS, "network": NETWORK_FAULTS}


class FaultCreate(BaseModel):
    """`start` and `until` are simulated times (from now and for ever by default).

    `vendor` leaves the others alone, and `path` may then leave out that vendor's prefix.
    """

    model_config = ConfigDict(extra="forbid")

    kind: str
    severity: Annotated[float, Field(gt=0, le=1)] = 1.0
    start: datetime | None = None
    until: datetime | None = None
    vendor: str | None = None
    account: str | None = None
    path: str = "/"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    count: Annotated[int, Field(ge=1)] | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    code: int | None = None


def shown(fault: Fault) -> dict[str, Any]:
    times = {"start": iso(fault.start), "until": None if fault.until is None else iso(fault.until)}
    return asdict(fault) | times


def _whose(services: Services, wanted: FaultCreate) -> tuple[str | None, str | None]:
    """The vendor and the ad account that are meant; a Refused names what there is."""
    vendors = services.vendors
    if wanted.vendor is not None and vendors.named(wanted.vendor) is None:
        raise Refused(f"There is no vendor named {wanted.vendor!r}.", available=vendors.names)
    if wanted.account is None:
        return wanted.vendor, None
    account = vendors.account(wanted.account)
    if account is None or wanted.vendor not in {None, services.world.platforms[account]}:
        there = services.world.of(wanted.vendor) if wanted.vendor else services.world.accounts
        raise Refused("There is no such ad account.", available=[vendors.account_name(a) for a in there])
    return wanted.vendor, account


def _check_code(vendors: Vendors, wanted: FaultCreate) -> None:
    if wanted.code is None:
        return
    codes = [c for v in vendors if wanted.vendor in {None, v.name} for c in v.limit_codes]
    if wanted.kind != "rate_limit" or wanted.code not in codes:
        raise Refused("A code goes with rate_limit alone.", available=codes)


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/control/faults", tags=["faults"])
    book, clock = services.faults, services.clock

    @routes.get("")
    async def read() -> dict[str, Any]:
        return {"faults": [shown(f) for f in book.all()], "available": AVAILABLE}

    @routes.post("", status_code=201)
    async def add(wanted: FaultCreate) -> dict[str, Any]:
        if wanted.kind not in WORLD_FAULTS | NETWORK_FAULTS:
            raise Refused(f"There is no fault named {wanted.kind!r}.", available=AVAILABLE)
        _check_code(services.vendors, wanted)
        vendor, account = _whose(services, wanted)
        start = clock.now() if wanted.start is None else seconds(wanted.start)
        until = None if wanted.until is None else seconds(wanted.until)
        if until is not None and until <= start:
            raise Refused("A fault ends after it starts.")
        fault = book.add(
            wanted.kind,
            severity=wanted.severity,
            start=start,
            until=until,
            vendor=vendor,
            account=account,
            path=wanted.path,
            method=wanted.method,
            probability=wanted.probability,
            remaining=wanted.count,
            skip=wanted.skip,
            seconds=wanted.seconds,
            status=wanted.status,
            code=wanted.code,
        )
        return shown(fault)

    @routes.delete("/{fault_id}")
    async def repair(fault_id: int) -> dict[str, Any]:
        mended = book.repair([fault_id], clock.now())
        if not mended:
            raise Refused("There is no such open fault.", 404)
        return shown(mended[0])

    @routes.delete("")
    async def repair_all(*, forget: bool = False) -> dict[str, Any]:
        """Ends every fault; with `forget`, what they distorted in the past is mended as well."""
        mended = book.repair([f.id for f in book.all()], clock.now())
        if forget:
            book.forget()
        return {"repaired": [f.id for f in mended]}

    return routes
