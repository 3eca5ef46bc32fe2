"""What the contract has to know of each platform of the sandbox: where things stand there, and how they are looked at.

Everything here asks the platform itself, past our own connector.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from app.db.session import Scopes
from app.models.integrations.kinds import Platform
from app.services.integrations.google.client import GoogleClient
from app.services.integrations.meta.client import MetaClient
from app.services.integrations.ports import BudgetedType, PlatformErrorKind, PreparedEvent
from app.services.integrations.snapchat.client import SnapchatClient
from app.services.integrations.tiktok.client import TikTokClient
from tests.factories import google, integrations, snapchat, tiktok
from tests.sandbox_process import US_PIXEL as META_PIXEL
from tests.sandbox_process import Sandbox

MICROS = 1_000_000
CENT = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A tenant's connection, its dollar account, and another account of the same token."""

    connection_id: UUID
    account: UUID
    other: UUID


class Connect(Protocol):
    def __call__(
        self, scopes: Scopes, sandbox: Sandbox, *, read_only: bool = False, write_lease: bool = True
    ) -> Awaitable[Place]: ...


@dataclass(frozen=True)
class Subject:
    """Campaigns and ad sets are the dollar account's; `campaign` has a daily budget of its own, at the least 50."""

    connector: type
    connect: Connect
    account: str
    timezone: str
    pixel: str
    campaign: str
    ad_set: str
    """One whose status may be set."""
    lifetime: tuple[BudgetedType, str]
    """What has a budget for its whole time."""
    foreign: str
    """A campaign of the other account."""
    held: Callable[[Sandbox], int]
    """The campaign's daily budget at the platform, in micros."""
    delivers: Callable[[Sandbox], bool]
    """Whether the campaign is switched on at the platform."""
    edit: Callable[[Sandbox, int | None, bool], object]
    """A person sets the campaign's budget (micros; None leaves it) and whether it is switched on."""
    arrived: Callable[[Sandbox, str], list[bool]]
    """Of each time that an event came in, by its id: whether it counts."""
    spoilt: Callable[[dict[str, Any]], dict[str, Any]]
    """An event's body as the platform refuses it."""
    token: Callable[[Sandbox], str]
    read: str
    """Behind which path the campaign is read."""
    lists: tuple[str, ...]
    """Of campaigns, ad sets and figures."""
    write: tuple[str, str]
    """The method and the path by which the campaign's budget is set."""
    events: str
    ad: str
    """One of the campaign's, as we name it."""
    judged: str
    """The same as the sandbox's control API names it."""
    ads: str
    """The list of ads."""
    switch: Callable[[Sandbox, bool], object]
    """A person switches the ad on or off."""
    stopped: tuple[str | int, str]
    """A state of the account that is not in order: the platform's word, and ours."""
    ends: bool = True
    """Whether its tokens have an end."""
    redeems: bool = False
    """Whether a refused token may be exchanged for another one."""
    partial: Mapping[str, PlatformErrorKind | None] = field(default_factory=dict)
    """What a request becomes whose items are refused; without a word it has no items, and nothing is refused."""
    events_are_processed_later: bool = False
    """Whether an accepted event may be refused when nobody asks any more."""


# Meta.


async def _meta(
    scopes: Scopes, sandbox: Sandbox, *, read_only: bool = False, write_lease: bool = True
) -> Place:
    made = await integrations.connect(scopes, sandbox, read_only=read_only, write_lease=write_lease)
    return Place(made.connection_id, made.dollars, made.forints)


def _meta_row(sandbox: Sandbox) -> dict[str, Any]:
    row: dict[str, Any] = sandbox.graph("GET", integrations.BROAD, fields="daily_budget,status").json()
    return row


def _meta_edit(sandbox: Sandbox, micros: int | None, on: bool) -> None:
    changes = {"status": "ACTIVE" if on else "PAUSED"}
    if micros is not None:
        changes["daily_budget"] = str(micros // CENT)
    sandbox.control("POST", "meta/edit", json={"object_id": integrations.BROAD, "changes": changes})


def _counted(vendor: str, pixel: str) -> Callable[[Sandbox, str], list[bool]]:
    def arrived(sandbox: Sandbox, event_id: str) -> list[bool]:
        rows = sandbox.control("GET", f"{vendor}/events", params={"pixel": pixel, "limit": 5_000})["events"]
        return [not row["duplicate"] for row in rows if row["event_id"] == event_id]

    return arrived


def _of_long_ago(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"event_time": body["event_time"] - 400 * 86_400}


def _switches(vendor: str, ad: str, field: str, words: tuple[str, str]) -> Callable[[Sandbox, bool], object]:
    """By `/control/<vendor>/edit`; the words are for off and on."""

    def switch(sandbox: Sandbox, on: bool) -> object:
        name = "resource_name" if vendor == "google" else "object_id"
        return sandbox.control("POST", f"{vendor}/edit", json={name: ad, "changes": {field: words[on]}})

    return switch


# Google.


async def _google(
    scopes: Scopes, sandbox: Sandbox, *, read_only: bool = False, write_lease: bool = True
) -> Place:
    google.as_laid(sandbox)
    made = await google.connect(scopes, sandbox, read_only=read_only, write_lease=write_lease)
    return Place(made.connection_id, made.dollars, made.yen)


def _google_held(sandbox: Sandbox) -> int:
    return int(google.google_value(sandbox, "campaign_budget", "amount_micros", "11400000001"))


def _google_edit(sandbox: Sandbox, micros: int | None, on: bool) -> None:
    changes: dict[str, dict[str, str]] = {
        f"customers/{google.US_ACCOUNT}/campaigns/{google.BRAND}": {"status": "ENABLED" if on else "PAUSED"}
    }
    if micros is not None:
        changes[google.BRAND_BUDGET] = {"amountMicros": str(micros)}
    for name, values in changes.items():
        sandbox.control("POST", "google/edit", json={"resource_name": name, "changes": values})


def _google_arrived(sandbox: Sandbox, event_id: str) -> list[bool]:
    rows = sandbox.control("GET", "google/events", params={"limit": 5_000})["events"]
    return [not row["verdict"] for row in rows if row["transaction_id"] == event_id]


def _google_spoilt(body: dict[str, Any]) -> dict[str, Any]:
    spoilt = deepcopy(body)
    spoilt["event"]["eventTimestamp"] = "some day"
    return spoilt


# TikTok.

_TIKTOK_ROOM = 800 * MICROS
"""Twice what is laid: no budget is lowered there to what is spent of it, and in the evening nearly all of it is."""


async def _tiktok(
    scopes: Scopes, sandbox: Sandbox, *, read_only: bool = False, write_lease: bool = True
) -> Place:
    _tiktok_edit(sandbox, _TIKTOK_ROOM, True)
    made = await tiktok.connect(scopes, sandbox, read_only=read_only, write_lease=write_lease)
    return Place(made.connection_id, made.dollars, made.forints)


def _tiktok_row(sandbox: Sandbox) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "advertiser_id": tiktok.US_ADVERTISER,
        "filtering": {"campaign_ids": [tiktok.BROAD]},
    }
    row: dict[str, Any] = sandbox.tiktok("GET", "campaign/get", **asked).json()["data"]["list"][0]
    return row


def _tiktok_edit(sandbox: Sandbox, micros: int | None, on: bool) -> None:
    changes: dict[str, Any] = {"operation_status": "ENABLE" if on else "DISABLE"}
    if micros is not None:
        changes["budget"] = micros / MICROS
    edit = {"object_id": tiktok.BROAD, "changes": changes, "below_spend": True}
    sandbox.control("POST", "tiktok/edit", json=edit)


# Snapchat.


async def _snapchat(
    scopes: Scopes, sandbox: Sandbox, *, read_only: bool = False, write_lease: bool = True
) -> Place:
    made = await snapchat.connect(
        scopes,
        sandbox,
        read_only=read_only,
        write_lease=write_lease,
        refresh_token=sandbox.snapchat_facts["refresh_token"],
    )
    return Place(made.connection_id, made.dollars, made.dinars)


def _snapchat_row(sandbox: Sandbox) -> dict[str, Any]:
    body = sandbox.snapchat("GET", f"campaigns/{snapchat.PROSPECTING}").json()
    row: dict[str, Any] = body["campaigns"][0]["campaign"]
    return row


def _snapchat_edit(sandbox: Sandbox, micros: int | None, on: bool) -> None:
    changes: dict[str, Any] = {"status": "ACTIVE" if on else "PAUSED"}
    if micros is not None:
        changes["daily_budget_micro"] = micros
    sandbox.control("POST", "snapchat/edit", json={"object_id": snapchat.PROSPECTING, "changes": changes})


_INVALID, _TRANSIENT = PlatformErrorKind.INVALID, PlatformErrorKind.TRANSIENT
_US = "America/New_York"

SUBJECTS: Mapping[Platform, Subject] = {
    Platform.META: Subject(
        connector=MetaClient,
        connect=_meta,
        account=integrations.US_ACCOUNT,
        timezone=_US,
        pixel=META_PIXEL,
        campaign=integrations.BROAD,
        ad_set="120210000010200020",
        lifetime=("ad_set", "120210000010200060"),
        foreign="120210000020100001",
        held=lambda sandbox: int(_meta_row(sandbox)["daily_budget"]) * CENT,
        delivers=lambda sandbox: _meta_row(sandbox)["status"] == "ACTIVE",
        edit=_meta_edit,
        arrived=_counted("meta", META_PIXEL),
        spoilt=_of_long_ago,
        token=lambda sandbox: sandbox.meta_token,
        read=f"/{integrations.BROAD}",
        lists=(
            f"/act_{integrations.US_ACCOUNT}/campaigns",
            f"/act_{integrations.US_ACCOUNT}/adsets",
            f"/act_{integrations.US_ACCOUNT}/insights",
        ),
        write=("POST", f"/{integrations.BROAD}"),
        events=f"/{META_PIXEL}/events",
        ad="120210000010300101",
        judged="120210000010300101",
        ads=f"/act_{integrations.US_ACCOUNT}/ads",
        switch=_switches("meta", "120210000010300101", "status", ("PAUSED", "ACTIVE")),
        stopped=(3, "unsettled"),
    ),
    Platform.GOOGLE: Subject(
        connector=GoogleClient,
        connect=_google,
        account=google.US_ACCOUNT,
        timezone=_US,
        pixel=google.US_PURCHASE,
        campaign=google.BRAND,
        ad_set="314000030001",
        lifetime=("campaign", google.TRAILS),
        foreign=google.JP_SEARCH,
        held=_google_held,
        delivers=lambda sandbox: (
            google.google_value(sandbox, "campaign", "status", google.BRAND) == "ENABLED"
        ),
        edit=_google_edit,
        arrived=_google_arrived,
        spoilt=_google_spoilt,
        token=lambda sandbox: str(sandbox.vendor("google")["access_token"]),
        read=f"/customers/{google.US_ACCOUNT}/googleAds:search",
        lists=(f"/customers/{google.US_ACCOUNT}/googleAds:search",),
        write=("POST", f"/customers/{google.US_ACCOUNT}/campaignBudgets:mutate"),
        events="/v1/events:ingest",
        ad="314000010001~314000010009",
        judged=f"customers/{google.US_ACCOUNT}/adGroupAds/314000010001~314000010009",
        ads=f"/customers/{google.US_ACCOUNT}/googleAds:search",
        switch=_switches(
            "google",
            f"customers/{google.US_ACCOUNT}/adGroupAds/314000010001~314000010009",
            "status",
            ("PAUSED", "ENABLED"),
        ),
        stopped=("SUSPENDED", "disabled"),
        redeems=True,
        partial={"write": _TRANSIENT},
        events_are_processed_later=True,
    ),
    Platform.TIKTOK: Subject(
        connector=TikTokClient,
        connect=_tiktok,
        account=tiktok.US_ADVERTISER,
        timezone=_US,
        pixel=tiktok.US_PIXEL,
        campaign=tiktok.BROAD,
        ad_set=tiktok.TRAIL_RUNNERS,
        lifetime=("campaign", tiktok.REACH),
        foreign="180000000002100001",
        held=lambda sandbox: round(_tiktok_row(sandbox)["budget"] * MICROS),
        delivers=lambda sandbox: _tiktok_row(sandbox)["operation_status"] == "ENABLE",
        edit=_tiktok_edit,
        arrived=_counted("tiktok", tiktok.US_PIXEL),
        spoilt=_of_long_ago,
        token=lambda sandbox: str(sandbox.tiktok_facts["access_token"]),
        read="/campaign/get",
        lists=("/campaign/get", "/adgroup/get", "/report/integrated/get"),
        write=("POST", "/campaign/update"),
        events="/event/track",
        ad="180000000001300101",
        judged="180000000001300101",
        ads="/ad/get",
        switch=_switches("tiktok", "180000000001300101", "operation_status", ("DISABLE", "ENABLE")),
        stopped=("STATUS_LIMIT", "limit"),
        ends=False,
        partial={"write": _INVALID},
    ),
    Platform.SNAPCHAT: Subject(
        connector=SnapchatClient,
        connect=_snapchat,
        account=snapchat.US_ACCOUNT,
        timezone=_US,
        pixel=snapchat.US_PIXEL,
        campaign=snapchat.PROSPECTING,
        ad_set=snapchat.CART,
        lifetime=("ad_set", snapchat.LENS),
        foreign=snapchat.KW_PROSPECTING,
        held=lambda sandbox: int(_snapchat_row(sandbox)["daily_budget_micro"]),
        delivers=lambda sandbox: _snapchat_row(sandbox)["status"] == "ACTIVE",
        edit=_snapchat_edit,
        arrived=_counted("snapchat", snapchat.US_PIXEL),
        spoilt=_of_long_ago,
        token=lambda sandbox: str(sandbox.snapchat_facts["access_token"]),
        read=f"/campaigns/{snapchat.PROSPECTING}",
        lists=(
            f"/adaccounts/{snapchat.US_ACCOUNT}/campaigns",
            f"/adaccounts/{snapchat.US_ACCOUNT}/adsquads",
            f"/adaccounts/{snapchat.US_ACCOUNT}/stats",
        ),
        write=("PUT", f"/adaccounts/{snapchat.US_ACCOUNT}/campaigns"),
        events=f"/{snapchat.US_PIXEL}/events",
        ad="5a9c0004-0001-4000-8000-000000000101",
        judged="5a9c0004-0001-4000-8000-000000000101",
        ads=f"/adaccounts/{snapchat.US_ACCOUNT}/ads",
        switch=_switches("snapchat", "5a9c0004-0001-4000-8000-000000000101", "status", ("PAUSED", "ACTIVE")),
        stopped=("PENDING", "pending"),
        redeems=True,
        partial={"write": _TRANSIENT, "events": _INVALID},
    ),
}
"""Whoever is added to the table of vendors is added here, and gets every behaviour of this folder."""


def refused_at(subject: Subject, events: Sequence[PreparedEvent]) -> list[PreparedEvent]:
    """The events, spoilt so that the platform refuses them."""
    return [PreparedEvent(subject.spoilt(dict(one.body)), one.match_keys) for one in events]
