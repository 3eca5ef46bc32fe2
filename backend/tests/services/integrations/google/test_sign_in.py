"""Connecting Google: by its consent page, with a pasted token, refreshed within the hour, taken back."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from app.core.clock import real_now
from app.db.session import Scopes
from app.models.integrations.kinds import Platform
from app.services.integrations.gateway import Gateway
from app.services.integrations.google.sign_in import ADS_SCOPE, EVENTS_SCOPE
from app.services.integrations.ports import Credentials, PlatformError, PlatformErrorKind, PlatformSignIn
from app.services.integrations.service import IntegrationsService
from tests.factories.google import JP_ACCOUNT, US_ACCOUNT, google
from tests.sandbox_process import Sandbox

BACK = "https://stratum.example/back"


@pytest.fixture
async def sign_in(scopes: Scopes, platforms: Gateway) -> PlatformSignIn:
    return await IntegrationsService(scopes).sign_in(Platform.GOOGLE)


async def signed_in(sign_in: PlatformSignIn, *, read_only: bool = False) -> Credentials:
    url = sign_in.authorize_url(redirect_uri=BACK, state="s", read_only=read_only)
    async with httpx2.AsyncClient() as browser:
        page = await browser.post(url, data={"answer": "allow"})
    query = parse_qs(urlsplit(page.headers["location"]).query)
    assert query["state"] == ["s"]
    return await sign_in.exchange_code(query["code"][0], redirect_uri=BACK)


async def test_a_person_signs_in_and_stays_signed_in(sign_in: PlatformSignIn, sandbox: Sandbox) -> None:
    given = await signed_in(sign_in)
    assert given.external_user_name == "robin@northwind.example"
    assert given.app_id == sandbox.vendor("google")["client_id"]
    assert {ADS_SCOPE, EVENTS_SCOPE} <= set(given.scopes)
    assert given.expires_at is not None
    assert timedelta(minutes=50) < given.expires_at - real_now() <= timedelta(hours=1)
    fresh = await sign_in.refresh(given.token, given.refresh_token)
    assert fresh.token != given.token
    assert fresh.refresh_token is None, "the one before stays good"
    assert fresh.scopes == given.scopes
    await sign_in.revoke(fresh.token, given.refresh_token)
    with pytest.raises(PlatformError) as caught:
        await sign_in.refresh(fresh.token, given.refresh_token)
    assert (caught.value.kind, caught.value.code) == (PlatformErrorKind.AUTH, "google.invalid_grant")
    answer = google(
        sandbox, f"customers/{US_ACCOUNT}/googleAds:search", {}, Authorization=f"Bearer {fresh.token}"
    )
    assert answer.status_code == 401


async def test_who_only_reads_is_not_asked_for_more(sign_in: PlatformSignIn) -> None:
    given = await signed_in(sign_in, read_only=True)
    assert EVENTS_SCOPE not in given.scopes


async def test_every_account_is_found_once_directly_or_through_a_manager(sign_in: PlatformSignIn) -> None:
    given = await signed_in(sign_in)
    accounts = await sign_in.list_accounts(given.token)
    found = {one.external_id: one for one in accounts}
    assert len(accounts) == len(found) == 2
    dollars, yen = found[US_ACCOUNT], found[JP_ACCOUNT]
    assert (dollars.currency, dollars.timezone, dollars.status) == ("USD", "America/New_York", "active")
    assert (yen.currency, yen.timezone) == ("JPY", "Asia/Tokyo")
    assert ("7010000001", "Purchase (purchase, 30 days after a click)") in dollars.pixels
    assert ("7010000002", "Purchase (purchase, 30 days after a click)") in yen.pixels


async def test_a_pasted_access_token_is_what_it_is(sign_in: PlatformSignIn, sandbox: Sandbox) -> None:
    found = await sign_in.inspect(sandbox.vendor("google")["access_token"])
    assert (found.refresh_token, found.external_user_name) == (None, "robin@northwind.example")
    with pytest.raises(PlatformError, match=r"google\.nothing_to_redeem"):
        await sign_in.refresh(found.token, None)


async def test_a_pasted_refresh_token_connects_for_longer(sign_in: PlatformSignIn, sandbox: Sandbox) -> None:
    refresh_token = sandbox.vendor("google")["refresh_token"]
    found = await sign_in.inspect(refresh_token)
    assert found.refresh_token == refresh_token
    assert found.token != refresh_token


@pytest.mark.parametrize("token", ["ya29.nobody", "1//nobody", "EAAS"])
async def test_a_token_that_is_none_is_refused(sign_in: PlatformSignIn, token: str) -> None:
    with pytest.raises(PlatformError) as caught:
        await sign_in.inspect(token)
    assert caught.value.kind is PlatformErrorKind.AUTH


async def test_a_code_that_is_none_is_refused(sign_in: PlatformSignIn) -> None:
    with pytest.raises(PlatformError) as caught:
        await sign_in.exchange_code("4/nothing", redirect_uri=BACK)
    assert caught.value.kind is PlatformErrorKind.AUTH


async def test_a_passing_fault_at_the_token_endpoint_ends_no_connection(
    sign_in: PlatformSignIn, faults: Sandbox
) -> None:
    refresh_token = faults.vendor("google")["refresh_token"]
    for kind in ("server_error", "connection_reset", "malformed_json"):
        faults.control(
            "POST", "faults", json={"kind": kind, "vendor": "google", "path": "/token", "count": 1}
        )
        with pytest.raises(PlatformError) as caught:
            await sign_in.refresh("x", refresh_token)
        assert caught.value.kind is PlatformErrorKind.TRANSIENT
    assert (await sign_in.refresh("x", refresh_token)).token
