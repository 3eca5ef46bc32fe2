"""What a receiver is told, in which order, and what becomes of what it does not take."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.clock import real_now
from app.services.cdp.events.service import Ingestion
from app.services.cdp.identity.service import GraphChanges
from app.services.cdp.segments.service import Following
from app.services.cdp.webhooks.service import Teller
from app.services.cdp.webhooks.telling import Turn
from app.services.integrations.gateway import gateway, gateway_by
from tests.factories.access import Company
from tests.factories.cdp import track
from tests.factories.segments import Lab
from tests.factories.webhooks import PROFILE_TOPICS, SEGMENT_TOPICS, Hook, make_webhook
from tests.receiver import Receiver, Reply, receiving

BOUGHT: dict[str, Any] = {"kind": "event", "event": "Order Completed"}


@pytest.fixture
def lab(acme: Company, engine: AsyncEngine, ingestion: Ingestion) -> Lab:
    return Lab(acme, engine, ingestion)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def teller(hook: Hook, **options: Any) -> Teller:
    return Teller(hook.company.scopes, **options)


async def tell(hook: Hook) -> Turn:
    return await teller(hook).drain(hook.id)


async def test_a_new_person_is_told_of_once_signed_and_masked(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    traits = {"email": "Ada@Shop.example", "plan": "gold"}
    await lab.send(
        {"type": "identify", "userId": "u-1", "messageId": "m-1", "traits": traits, "anonymousId": "a-1"}
    )
    assert await tell(hook) is Turn.TOLD
    [post] = receiver.posts
    assert post.is_signed_by(hook.secret)
    assert not post.is_signed_by("whsec_" + "A" * 44)
    assert post.headers["content-type"] == "application/json"
    [item] = post.items
    assert item["topic"] == "profile.created"
    assert item["profile"]["traits"] == {"plan": "gold"}
    assert {"type": "email", "value": "a…@shop.example"} in item["profile"]["identifiers"]
    assert item["profile"]["consents"]["ads"] == "refused"
    assert b"ada@shop" not in post.body.lower()
    assert await tell(hook) is Turn.NOTHING
    [row] = await hook.log()
    assert (row.acknowledged, row.http_status, row.items, row.attempt, row.kind) == (True, 200, 1, 1, "feed")


async def test_what_changes_of_a_person_comes_in_its_order(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId="u-1"))
    await lab.send(track(userId="u-2"))
    await lab.send(track(userId="u-1"))
    await tell(hook)
    one, two, again = receiver.items
    assert receiver.topics() == ["profile.created", "profile.created", "profile.updated"]
    assert one["profile"]["id"] == again["profile"]["id"] != two["profile"]["id"]
    assert [each["at"] for each in receiver.items] == sorted(each["at"] for each in receiver.items)


async def test_a_merge_tells_of_the_one_that_stays_and_the_one_that_ends(
    lab: Lab, receiver: Receiver
) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId=None, anonymousId="a-1"))
    await lab.send(track(userId="u-1"))
    await tell(hook)
    anonymous, known = (item["profile"]["id"] for item in receiver.items)
    receiver.posts.clear()
    await lab.send(track(userId="u-1", anonymousId="a-1"))
    await tell(hook)
    told = {item["topic"]: item for item in receiver.items}
    merged, ended = told["profile.merged"], told["profile.ended"]
    stays = merged["profile"]["id"]
    goes = merged["merged"]["id"]
    assert {stays, goes} == {anonymous, known}
    assert merged["merged"] == {"id": goes, "into": stays}
    assert merged["profile"]["lifecycle"] is not None
    assert ended["profile"] == {"id": goes, "lifecycle": None}
    assert ended["ended"] == {"reason": "absorbed", "into": stays, "aliases": []}
    assert merged["id"] != ended["id"]


async def test_who_was_split_off_again_is_created_again(lab: Lab, receiver: Receiver) -> None:
    await lab.send(track(userId=None, anonymousId="a-1"))
    await lab.send(track(userId="u-1"))
    async with lab.scopes() as scope:
        one, other = (
            await scope.session.scalars(text("select id from cdp_profiles order by created_at, id"))
        ).all()
    async with lab.scopes() as scope:
        [stays] = (await GraphChanges(scope).merge(one, other, "They are one.")).profile_ids
    hook = await make_webhook(lab.company, receiver.url)
    goes = other if stays == one else one
    lab.clock.at += timedelta(seconds=1)
    async with lab.scopes() as scope:
        await GraphChanges(scope).split(stays, [goes], "They are two.")
    await tell(hook)
    created = [each["profile"]["id"] for each in receiver.items if each["topic"] == "profile.created"]
    assert created == [str(goes)]


async def test_moves_come_after_what_led_to_them_and_only_of_named_segments(
    lab: Lab, receiver: Receiver
) -> None:
    bought = await lab.segment(BOUGHT, "Buyers")
    await lab.segment({"kind": "event", "event": "Viewed"}, "Viewers")
    hook = await make_webhook(lab.company, receiver.url, segment_ids=[str(bought)])
    await lab.send(track("Order Completed", userId="u-1"), track("Viewed", userId="u-2"))
    await Following(lab.scopes).drain()
    await tell(hook)
    assert receiver.topics() == ["profile.created", "profile.created", "segment.entered"]
    entered = receiver.items[-1]
    assert entered["segment"] == {"id": str(bought), "name": "Buyers", "reason": "events"}
    assert entered["profile"]["event_count"] == 1


async def test_only_topics_that_were_asked_for_are_told(lab: Lab, receiver: Receiver) -> None:
    await lab.segment(BOUGHT, "Buyers")
    moves = await make_webhook(lab.company, receiver.url, ["segment.entered"])
    await lab.send(track("Order Completed", userId="u-1"))
    await lab.send(track("Order Completed", userId="u-1"))
    await Following(lab.scopes).drain()
    await tell(moves)
    assert receiver.topics() == ["segment.entered"]
    assert (await moves.read())["waiting"] == 0


async def test_a_message_is_told_until_it_is_taken_under_one_id_with_the_same_items(
    lab: Lab, receiver: Receiver
) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    receiver.replies.extend([Reply(500), Reply(503), Reply(204)])
    await lab.send(track(userId="u-1"))
    for _ in range(3):
        await hook.set(next_attempt_at=None)
        await lab.send(track(userId="u-2"))
        await teller(hook).turn(hook.id)
    first, second, third = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"]
    ids = [[item["id"] for item in post.items] for post in receiver.posts]
    assert ids[0] == ids[1] == ids[2]
    log = await hook.log()
    assert [(each.attempt, each.acknowledged, each.http_status) for each in log] == [
        (1, False, 500),
        (2, False, 503),
        (3, True, 204),
    ]
    assert log[0].error == "It answered 500."
    assert log[0].retry_at is not None
    assert log[2].retry_at is None
    await tell(hook)
    assert len({item["id"] for item in receiver.items}) == 4
    assert (await hook.read())["state"] == "on"


async def test_who_failed_is_left_alone_for_as_long_as_it_asks(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    later = real_now() + timedelta(hours=2)
    receiver.replies.extend(
        [
            Reply(429, {"Retry-After": "1800"}),
            Reply(503, {"Retry-After": format_datetime(later, usegmt=True)}),
            Reply(503, {"Retry-After": "999999999"}),
        ]
    )
    await lab.send(track(userId="u-1"))
    pauses = []
    for _ in range(3):
        await hook.set(next_attempt_at=None)
        assert await tell(hook) is Turn.FAILED
        at = (await hook.row()).next_attempt_at
        assert at is not None
        pauses.append(at - real_now())
    minute = timedelta(minutes=1)
    assert timedelta(minutes=29) < pauses[0] <= timedelta(minutes=30)
    assert timedelta(minutes=118) < pauses[1] <= timedelta(hours=2)
    assert timedelta(hours=6) - minute < pauses[2] <= timedelta(hours=6)
    assert await tell(hook) is Turn.NOTHING
    assert len(receiver.posts) == 3
    state = await hook.read()
    assert (state["state"], state["attempts"], state["last_error"]) == ("failing", 3, "It answered 503.")
    assert state["waiting"] == 1
    assert state["waiting_since"] is not None


async def test_gone_switches_it_off_and_it_goes_on_where_it_stopped(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    receiver.replies.append(Reply(410))
    await lab.send(track(userId="u-1"))
    await tell(hook)
    state = await hook.read()
    assert (state["state"], state["off_reason"], state["enabled"]) == ("off", "gone", False)
    assert state["last_error"] == "It answered 410: it wants nothing more."
    assert await tell(hook) is Turn.NOTHING
    await lab.send(track(userId="u-2"))
    await hook.change(enabled=True)
    await tell(hook)
    assert receiver.topics() == ["profile.created"] * 3
    assert len({item["id"] for item in receiver.items}) == 2


async def test_after_failing_for_three_days_it_is_off_and_can_skip_ahead(
    lab: Lab, receiver: Receiver
) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    receiver.always = Reply(500)
    await lab.send(track(userId="u-1"))
    await tell(hook)
    await hook.set(next_attempt_at=None, failing_since=real_now() - timedelta(days=2, hours=23))
    await tell(hook)
    assert (await hook.read())["state"] == "failing"
    await hook.set(next_attempt_at=None, failing_since=real_now() - timedelta(days=3, seconds=1))
    await tell(hook)
    state = await hook.read()
    assert (state["state"], state["off_reason"]) == ("off", "failing")
    assert state["failing_since"] is not None
    entries = (await lab.company.client().get("/api/v1/audit-logs", params={"limit": 50})).json()["items"]
    [entry] = [each for each in entries if each["action"] == "cdp.webhooks.switched_off"]
    assert entry["after"] == {"because": "failing", "error": "It answered 500."}
    receiver.always = Reply(200)
    receiver.posts.clear()
    await hook.change(enabled=True, resume="skip")
    await tell(hook)
    assert receiver.posts == []
    await lab.send(track(userId="u-2"))
    await tell(hook)
    assert receiver.topics() == ["profile.created"]
    assert (await hook.read())["waiting"] == 0


async def test_a_redirect_is_refused_and_not_followed(lab: Lab, receiver: Receiver) -> None:
    async with receiving() as inside:
        hook = await make_webhook(lab.company, receiver.url)
        receiver.replies.append(Reply(307, {"Location": inside.url}))
        await lab.send(track(userId="u-1"))
        assert await tell(hook) is Turn.FAILED
        assert inside.posts == []
    [row] = await hook.log()
    assert row.error is not None
    assert "redirect" in row.error


async def test_an_address_that_leads_inside_is_not_called(lab: Lab, receiver: Receiver) -> None:
    """It was good when the webhook was made, and leads elsewhere now."""
    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId="u-1"))
    settings = gateway().settings.model_copy(update={"allow_private_addresses": False})
    async with gateway_by(settings):
        assert await tell(hook) is Turn.FAILED
    assert receiver.posts == []
    [row] = await hook.log()
    assert row.error == "The address leads into a private network now, which is never called."
    assert row.http_status is None


async def test_a_slow_receiver_is_given_up_and_told_again(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    receiver.replies.append(Reply(200, after=30))
    await lab.send(track(userId="u-1"))
    assert await teller(hook, seconds=0.3).turn(hook.id) is Turn.FAILED
    [row] = await hook.log()
    assert row.error == "No answer within 0.3 seconds."
    await hook.set(next_attempt_at=None)
    assert await tell(hook) is Turn.TOLD
    assert receiver.posts[0].headers["webhook-id"] == receiver.posts[1].headers["webhook-id"]


async def test_a_huge_answer_is_not_read(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    receiver.replies.append(Reply(200, rest=500_000_000))
    await lab.send(track(userId="u-1"))
    assert await tell(hook) is Turn.TOLD
    assert receiver.sent_back < 50_000_000


async def test_no_transaction_is_open_during_a_call(
    lab: Lab, receiver: Receiver, engine: AsyncEngine
) -> None:
    """Asked of the database, while the receiver is answering."""
    open_then: list[int] = []

    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId="u-1"))

    async def one_of_them() -> int:
        async with engine.connect() as connection:
            found = await connection.scalar(
                text(
                    "select count(*) from pg_stat_activity where state like 'idle in transaction%' "
                    "and datname = current_database() and query like '%cdp_webhook%'"
                )
            )
            return int(found or 0)

    original = receiver._one

    async def asking(reader: Any, writer: Any) -> None:
        open_then.append(await one_of_them())
        await original(reader, writer)

    receiver._one = asking  # type: ignore[method-assign]
    assert await tell(hook) is Turn.TOLD
    assert open_then[0] == 0


async def test_many_items_go_in_few_messages_each_bounded(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(*(track(userId=f"u-{number}") for number in range(1_201)))
    await tell(hook)
    assert [len(post.items) for post in receiver.posts] == [500, 500, 201]
    assert len({item["profile"]["id"] for item in receiver.items}) == 1_201
    assert all(len(post.body) <= 1_100_000 for post in receiver.posts)


async def test_a_message_is_bounded_in_bytes_too(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    wide = {f"note_{number}": "x" * 900 for number in range(20)}
    people = [
        {"type": "identify", "userId": f"u-{number}", "messageId": f"m-{number}", "traits": wide}
        for number in range(130)
    ]
    await lab.send(*people)
    await tell(hook)
    assert len(receiver.posts) > 1
    assert all(len(post.body) < 1_100_000 for post in receiver.posts)
    assert len({item["id"] for item in receiver.items}) == len(receiver.items) == 130


async def test_while_secrets_overlap_both_verify(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    answer = await lab.company.client().post(f"{hook.path}/rotate-secret", json={"overlap_hours": 1})
    new = answer.json()["secret"]
    assert new != hook.secret
    await lab.send(track(userId="u-1"))
    await tell(hook)
    assert receiver.posts[0].is_signed_by(hook.secret)
    assert receiver.posts[0].is_signed_by(new)
    await hook.set(previous_until=real_now() - timedelta(seconds=1))
    await lab.send(track(userId="u-1"))
    await tell(hook)
    assert not receiver.posts[1].is_signed_by(hook.secret)
    assert receiver.posts[1].is_signed_by(new)


async def test_personal_data_go_only_where_somebody_switched_them_on(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url, include_personal=True)
    traits = {"email": "ada@shop.example", "firstName": "Ada", "plan": "gold"}
    await lab.send({"type": "identify", "userId": "u-1", "messageId": "m-1", "traits": traits})
    await tell(hook)
    [item] = receiver.items
    personal = item["profile"]["personal"]
    assert personal["traits"]["firstName"] == "Ada"
    assert {"type": "email", "value": "ada@shop.example"} in personal["identifiers"]
    assert item["profile"]["traits"] == {"plan": "gold"}


async def test_of_who_does_not_consent_to_the_purpose_only_the_id_is_told(
    lab: Lab, receiver: Receiver
) -> None:
    hook = await make_webhook(lab.company, receiver.url, purpose="ads", include_personal=True)
    consent = {"consent": {"categoryPreferences": {"advertising": True}}}
    await lab.send(
        track(userId="u-1", context={}),
        track(userId="u-2", context=consent),
    )
    await tell(hook)
    withheld = [item["profile"] for item in receiver.items if "withheld" in item["profile"]]
    assert len(withheld) >= 1
    assert withheld[0].keys() == {"id", "lifecycle", "withheld", "consents"}


async def test_pruning_the_feed_too_early_is_seen(lab: Lab, receiver: Receiver, engine: AsyncEngine) -> None:
    behind = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId="u-1"))
    prompt = await make_webhook(lab.company, receiver.url)
    assert (await behind.read())["lost_at"] is None
    async with lab.scopes() as scope:
        await scope.session.execute(text("delete from cdp_profile_changes"))
    assert (await behind.read())["lost_at"] is not None
    assert (await prompt.read())["lost_at"] is None
    await lab.send(track(userId="u-2"))
    await tell(behind)
    assert receiver.topics() == ["profile.created"]


async def test_another_teller_has_the_turn(lab: Lab, receiver: Receiver) -> None:
    hook = await make_webhook(lab.company, receiver.url)
    await lab.send(track(userId="u-1"))
    await hook.set(lease=UUID(int=1), lease_until=real_now() + timedelta(seconds=30))
    assert await tell(hook) is Turn.NOTHING
    await hook.set(lease_until=real_now() - timedelta(seconds=1))
    assert await tell(hook) is Turn.TOLD


async def test_neighbours_feeds_are_their_own(lab: Lab, globex: Company, receiver: Receiver) -> None:
    theirs = await make_webhook(globex, receiver.url, PROFILE_TOPICS)
    moves = await make_webhook(globex, receiver.url, SEGMENT_TOPICS)
    await lab.send(track(userId="u-1"))
    assert await tell(theirs) is Turn.NOTHING
    assert await tell(moves) is Turn.NOTHING
    assert receiver.posts == []
