"""Files that are taken away: who is in and what each column holds is told, and nobody is named without a reason."""

import contextlib
import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.clock import real_now
from app.services.cdp.consents.service import Consents
from app.services.cdp.exports.links import token_for
from app.services.cdp.exports.service import ExportExpiry, ExportWork, Sizes
from app.services.cdp.files.service import guarded, unguarded
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.service import PrivacyWork
from app.services.cdp.segments.service import Recomputation
from tests.api.cdp.test_privacy import WorkerDiedError, die, profile_of, scopes_that
from tests.factories.access import Company
from tests.factories.cdp import make_source, track
from tests.factories.files import EXPORTS, exported, imported

PEOPLE = (
    "user_id,email,phone,first_name,plan,consent.ads,country\n"
    "u-1,Jo.Doe+x@gmail.com,+4915112345678,Jo,pro,yes,DE\n"
    "u-2,mo@example.com,,Mo,free,no,DE\n"
    "u-3,,,,=cmd,,US\n"
)


ONE = Sizes(people=1)


def sha(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


async def fetched(company: Company, export: dict[str, Any], role: Role = Role.MANAGER) -> bytes:
    answer = await company.client(role).get(f"{EXPORTS}/{export['id']}/file")
    assert answer.status_code == 200, answer.text
    return answer.content


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
async def people(acme: Company) -> Company:
    begun = real_now()
    await imported(acme, PEOPLE)
    async with acme.scopes() as scope:
        await Consents(scope).take_in(begun - timedelta(minutes=1), real_now() + timedelta(minutes=1))
    return acme


async def test_identifiers_are_hashed_as_audiences_want_them(people: Company) -> None:
    columns = ["user_id", "email", "email_google", "phone", "phone_digits", "trait:first_name", "trait:plan"]
    export = await exported(people, columns=columns)
    assert (export["status"], export["rows_written"], export["rows_total"]) == ("done", 3, 3)
    held = {each["name"]: each["holds"] for each in export["columns"]}
    assert held["email"] == "sha256"
    assert "SHA-256" in export["columns"][1]["description"]
    rows = {row["trait:plan"]: row for row in table(await fetched(people, export, Role.ANALYST))}
    assert rows["pro"] == {
        "user_id": sha("u-1"),
        "email": sha("jo.doe+x@gmail.com"),
        "email_google": sha("jodoe@gmail.com"),
        "phone": sha("+4915112345678"),
        "phone_digits": sha("4915112345678"),
        "trait:first_name": sha("jo"),
        "trait:plan": "pro",
    }
    assert rows["'=cmd"]["email"] == "", "what looks like a formula has a mark before it"


async def test_the_clear_takes_a_permission_a_reason_and_leaves_an_entry(people: Company) -> None:
    body = {"name": "Clear", "what": "people", "columns": ["email"], "raw": True}
    manager = people.client(Role.MANAGER)
    answer = await manager.post(EXPORTS, json=body)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "body.reason")
    export = await exported(people, columns=["email", "phone", "traits"], raw=True, reason="They move house.")
    rows = table(await fetched(people, export))
    assert {row["email"] for row in rows} == {"jo.doe+x@gmail.com", "mo@example.com", ""}
    assert {row["phone"] for row in rows} == {"+4915112345678", ""}
    refused = await people.client(Role.ANALYST).get(f"{EXPORTS}/{export['id']}/file")
    assert (refused.status_code, refused.json()["code"]) == (403, "cdp.exports.raw_not_allowed")
    entries = (await people.client().get("/api/v1/audit-logs", params={"entity": "cdp_exports"})).json()[
        "items"
    ]
    told = {entry["action"]: entry["after"] for entry in entries}
    assert told["cdp.exports.created"]["reason"] == "They move house."
    assert told["cdp.exports.fetched"]["raw"] is True


async def test_a_key_without_the_permission_gets_nothing_in_the_clear(people: Company) -> None:
    body = {"name": "k", "scopes": ["cdp.exports:read", "cdp.exports:write"]}
    key = (await people.client().post("/api/v1/api-keys", json=body)).json()["key"]
    asked = {"name": "Clear", "what": "people", "columns": ["email"], "raw": True, "reason": "For fun."}
    client = people.client(Role.MANAGER)
    answer = await client.post(EXPORTS, json=asked, headers={"Authorization": "", "X-API-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (403, "cdp.exports.raw_not_allowed")


async def test_only_people_who_allow_a_purpose_are_in(people: Company) -> None:
    """Jo said yes, Mo said no, and the third is silent where silence is no refusal."""
    export = await exported(people, columns=["trait:plan", "consent:ads"], purpose="ads")
    rows = table(await fetched(people, export))
    assert sorted((row["trait:plan"], row["consent:ads"]) for row in rows) == [
        ("'=cmd", "true"),
        ("pro", "true"),
    ]
    assert (export["rows_read"], export["rows_written"]) == (3, 2)


async def test_a_name_with_dots_leads_into_an_object_as_in_a_segment(acme: Company) -> None:
    await imported(
        acme, 'user_id,traits\nu-1,"{""shop"": {""city"": ""Ulm""}}"\nu-2,"{""shop"": ""none""}"\n'
    )
    async with acme.scopes() as scope:
        await scope.session.execute(
            text(
                """UPDATE cdp_profiles SET computed = '{"rfm": {"cell": "New"}}' WHERE traits ->> 'shop' = 'none'"""
            )
        )
    columns = ["trait:shop.city", "computed:rfm.cell", "computed:rfm.cell.deeper"]
    rows = table(await fetched(acme, await exported(acme, columns=columns)))
    assert sorted(tuple(row.values()) for row in rows) == [("", "New", ""), ("Ulm", "", "")]


async def test_what_moves_with_time_is_as_of_the_writing_of_the_row(acme: Company) -> None:
    await imported(acme, "user_id\nu-1\n")
    last, gap = real_now() - timedelta(days=30, hours=1), 10
    stored = {"churn": {"orders": 3, "last_order_at": last.isoformat(), "median_gap_days": gap}}
    async with acme.scopes() as scope:
        await scope.session.execute(
            text("UPDATE cdp_profiles SET computed = CAST(:stored AS jsonb)"), {"stored": json.dumps(stored)}
        )
    columns = ["computed:churn.days_since_last_order", "computed:churn.ratio", "computed"]
    (row,) = table(await fetched(acme, await exported(acme, columns=columns)))
    assert row[columns[0]] == "30"
    assert 3 < float(row[columns[1]]) < 3.1
    assert json.loads(row["computed"])["churn"]["days_since_last_order"] == 30


async def test_a_filter_or_a_segment_says_who_is_in(people: Company) -> None:
    by_trait = await exported(people, columns=["trait:plan"], selection={"trait": "plan", "value": "free"})
    assert [row["trait:plan"] for row in table(await fetched(people, by_trait))] == ["free"]
    rule = {"kind": "has", "identifier": "email"}
    made = await people.client().post("/api/v1/cdp/segments", json={"name": "Mail", "rule": rule})
    await Recomputation(people.scopes).run(UUID(made.json()["id"]))
    export = await exported(people, columns=["trait:plan"], segment_id=made.json()["id"], format="jsonl")
    lines = [json.loads(line) for line in (await fetched(people, export)).splitlines()]
    assert sorted(line["trait:plan"] for line in lines) == ["free", "pro"]
    assert export["selection"] == {"segment": "Mail"}
    known = await exported(people, columns=["lifecycle"], selection={"lifecycle": "anonymous"})
    assert {row["lifecycle"] for row in table(await fetched(people, known))} <= {"anonymous"}


async def test_events_of_a_name_and_a_time_are_exported(acme: Company) -> None:
    rows = [
        {
            "event": name,
            "time": f"2024-01-0{day}T00:00:00Z",
            "user_id": "u-1",
            "properties": {"note": "a,b", "n": day},
        }
        for day in (1, 2, 3)
        for name in ("Seen", "Bought")
    ]
    await imported(acme, "\n".join(json.dumps(row) for row in rows), "events")
    export = await exported(
        acme,
        what="events",
        columns=["event", "time", "user_id", "property:n", "properties"],
        selection={"event": "Bought", "since": "2024-01-02T00:00:00Z", "until": "2024-01-03T00:00:00Z"},
    )
    (row,) = table(await fetched(acme, export))
    assert row == {
        "event": "Bought",
        "time": "2024-01-02T00:00:00Z",
        "user_id": sha("u-1"),
        "property:n": "2",
        "properties": '{"n":2,"note":"a,b"}',
    }
    assert export["rows_total"] is None, "how many there are is not known before"


async def test_pages_of_events_leave_none_out_and_repeat_none(acme: Company) -> None:
    lines = [
        json.dumps(
            {"event": ("A", "B", "B", "B", "B")[n % 5], "time": "2024-01-01", "user_id": f"u-{n}", "n": n}
        )
        for n in range(40)
    ]
    await imported(acme, "\n".join(lines), "events")
    for wanted in ("A", "B"):
        body = {"name": "x", "what": "events", "columns": ["property:n"], "selection": {"event": wanted}}
        export = (await acme.client(Role.MANAGER).post(EXPORTS, json=body)).json()
        await ExportWork(acme.scopes, sizes=Sizes(events=3, window=7)).run()
        found = sorted(int(row["property:n"]) for row in table(await fetched(acme, export)))
        assert found == [n for n in range(40) if (n % 5 == 0) == (wanted == "A")]


async def test_who_comes_after_the_moment_is_not_in_and_who_goes_is_left_out(people: Company) -> None:
    client = people.client(Role.MANAGER)
    body = {"name": "All", "what": "people", "columns": ["trait:plan"]}
    export = (await client.post(EXPORTS, json=body)).json()
    await ExportWork(people.scopes, seconds=0, sizes=ONE).run()
    await imported(people, "user_id,plan\nu-9,late\n")
    await ExportWork(people.scopes, sizes=ONE).run()
    rows = table(await fetched(people, export))
    assert sorted(row["trait:plan"] for row in rows) == ["'=cmd", "free", "pro"]
    async with people.scopes() as scope:
        assert await scope.session.scalar(text("select count(*) from cdp_export_subjects")) == 0


@pytest.mark.parametrize("moment", range(1, 12))
async def test_an_export_whose_worker_dies_at_any_moment_is_written_once(
    people: Company, moment: int
) -> None:
    client = people.client(Role.MANAGER)
    body = {"name": "All", "what": "people", "columns": ["trait:plan"]}
    export = (await client.post(EXPORTS, json=body)).json()
    with contextlib.suppress(WorkerDiedError):
        await ExportWork(scopes_that(people.scopes, moment, die), sizes=ONE).run()
    await ExportWork(people.scopes, sizes=ONE).run()
    rows = table(await fetched(people, export))
    assert sorted(row["trait:plan"] for row in rows) == ["'=cmd", "free", "pro"]


async def test_a_link_opens_its_file_to_whoever_has_it_until_it_expires(
    people: Company, anonymous: Any, globex: Company
) -> None:
    export = await exported(people, columns=["trait:plan"])
    made = await people.client(Role.MANAGER).post(f"{EXPORTS}/{export['id']}/link", json={"minutes": 5})
    path = made.json()["path"]
    answer = await anonymous.get(path)
    assert (answer.status_code, len(table(answer.content))) == (200, 3)
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''All%20of%20them.csv"
    start, _, signature = path.rpartition(".")
    tenant, export_hex, until = start.partition("token=")[2].split(".")
    other = f"{globex.id}.{export_hex}.{until}.{signature}"
    longer = f"{tenant}.{export_hex}.{int(until) + 60}.{signature}"
    for forged in (
        other,
        longer,
        "",
        "a.b.c.d",
        f"{tenant}.{export_hex}.{until}.",
        "\u0661.x.\u0661.y",
        "1" * 300,
    ):
        answer = await anonymous.get(f"{EXPORTS}/download", params={"token": forged})
        assert (answer.status_code, answer.json()["code"]) == (404, "cdp.exports.link_invalid"), forged
    async with people.scopes() as scope:
        await scope.session.execute(text("update cdp_exports set expires_at = now()"))
    assert (await anonymous.get(path)).status_code == 410
    assert (await people.client().get(f"{EXPORTS}/{export['id']}")).json()["downloads"] == 1


async def test_a_link_past_its_time_opens_nothing(people: Company, anonymous: Any) -> None:
    export = await exported(people, columns=["trait:plan"])
    link = token_for(UUID(export["id"]), people.id, real_now() - timedelta(seconds=1))
    answer = await anonymous.get(f"/api/v1{link.path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "cdp.exports.link_invalid")


async def test_files_expire_and_are_deleted_by_the_clock(people: Company) -> None:
    export = await exported(people, columns=["trait:plan"], keep_days=1)
    kept = await exported(people, columns=["trait:plan"])
    async with people.scopes() as scope:
        await scope.session.execute(
            text("update cdp_exports set expires_at = expires_at - interval '1 day 1 minute'")
        )
    await ExportExpiry(people.scopes).run()
    client = people.client()
    statuses = [(await client.get(f"{EXPORTS}/{each['id']}")).json()["status"] for each in (export, kept)]
    assert statuses == ["expired", "done"]
    async with people.scopes() as scope:
        left = (await scope.session.scalars(text("select distinct export_id from cdp_export_parts"))).all()
    assert [str(each) for each in left] == [kept["id"]]
    assert (await client.get(f"{EXPORTS}/{export['id']}/file")).status_code == 410


async def test_a_cancelled_export_leaves_no_file(people: Company) -> None:
    client = people.client(Role.MANAGER)
    body = {"name": "All", "what": "people", "columns": ["trait:plan"]}
    export = (await client.post(EXPORTS, json=body)).json()
    assert (await client.get(f"{EXPORTS}/{export['id']}/file")).status_code == 409
    await ExportWork(people.scopes, seconds=0, sizes=ONE).run()
    assert (await client.post(f"{EXPORTS}/{export['id']}/cancel")).json()["status"] == "cancelled"
    await ExportWork(people.scopes).run()
    async with people.scopes() as scope:
        for name in ("cdp_export_parts", "cdp_export_subjects"):
            assert await scope.session.scalar(text(f"select count(*) from {name}")) == 0  # noqa: S608  (ours)
    assert (await client.post(f"{EXPORTS}/{export['id']}/cancel")).status_code == 409


async def test_an_erasure_ends_the_exports_that_hold_the_person(people: Company) -> None:
    client = people.client(Role.MANAGER)
    holding = await exported(people, columns=["email"])
    events = await exported(people, what="events", columns=["event"])
    without = await exported(people, columns=["email"], selection={"trait": "plan", "value": "free"})
    await fetched(people, holding)
    found = (await people.client().get("/api/v1/cdp/profiles", params={"identifier": "u-1"})).json()["items"]
    body = {"kind": "erasure", "profile_id": found[0]["id"], "reason": "They asked."}
    writes = {"name": "All", "what": "people", "columns": ["trait:plan"]}
    under_way = (await client.post(EXPORTS, json=writes)).json()
    await ExportWork(people.scopes, seconds=0, sizes=ONE).run()
    asked = (await people.client().post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(people.scopes).run(UUID(asked["id"]))
    await ExportWork(people.scopes, sizes=ONE).run()
    statuses = [
        (await client.get(f"{EXPORTS}/{each['id']}")).json()["status"] for each in (holding, events, without)
    ]
    assert statuses == ["ended", "ended", "done"]
    assert (await client.get(f"{EXPORTS}/{holding['id']}/file")).status_code == 410
    rest = (await client.get(f"{EXPORTS}/{under_way['id']}")).json()
    assert rest["status"] == "done"
    assert sorted(row["trait:plan"] for row in table(await fetched(people, rest))) == ["'=cmd", "free"]
    told = (await people.client().get(f"/api/v1/cdp/privacy/requests/{asked['id']}/certificate")).json()
    stores = {each["store"]: (each["status"], each["rows"]) for each in told["certificate"]["stores"]}
    assert stores["cdp_export_parts"][0] == "erased"
    assert stores["cdp_export_subjects"] == ("erased", 1)
    assert stores["fetched_exports"] == ("impossible", 1)


async def test_an_erasure_ends_the_exports_of_when_the_person_was_part_of_another(people: Company) -> None:
    client = people.client()
    ids = [await profile_of(client, name) for name in ("u-1", "u-2")]
    both = {"profile_id": ids[0], "other_profile_id": ids[1], "reason": "The same."}
    survivor = (await client.post("/api/v1/cdp/profiles/merges", json=both)).json()["profile_ids"]
    holding = await exported(people, columns=["email"])
    graph = (await client.get(f"/api/v1/cdp/profiles/{survivor[0]}/identity-graph")).json()
    [merge] = [each["assertion"] for each in graph["links"] if each["kind"] == "merge"]
    undone = await client.post(f"/api/v1/cdp/identity/links/{merge}/undo", json={"reason": "They are two."})
    assert sorted(undone.json()["profile_ids"]) == sorted(map(str, ids))
    [other] = {*ids} - {*survivor}
    body = {"kind": "erasure", "profile_id": other, "reason": "They asked."}
    asked = (await client.post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(people.scopes).run(UUID(asked["id"]))
    assert (await client.get(f"{EXPORTS}/{holding['id']}")).json()["status"] == "ended"


async def test_what_cannot_be_exported_is_refused(people: Company) -> None:
    body = {
        "name": "x",
        "what": "people",
        "columns": ["email", "email", "nothing", "trait:"],
        "selection": {"event": "Seen", "value": "x"},
    }
    answer = await people.client(Role.MANAGER).post(EXPORTS, json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["fields"]] == [
        "body.columns.1",
        "body.columns.2",
        "body.columns.3",
        "body.selection.event",
        "body.selection.trait",
    ]


async def test_columns_are_told_with_the_traits_that_people_have(people: Company) -> None:
    found = (await people.client().get(f"{EXPORTS}/columns", params={"what": "people"})).json()["columns"]
    held = {each["name"]: each["holds"] for each in found}
    assert held["profile_id"] == "plain"
    assert held["phone"] == held["trait:first_name"] == "sha256"


async def test_two_tenants_exports_are_apart(people: Company, globex: Company) -> None:
    export = await exported(people, columns=["email"])
    for path in ("", "/file"):
        assert (await globex.client().get(f"{EXPORTS}/{export['id']}{path}")).status_code == 404
    theirs = await exported(globex, columns=["email"])
    assert theirs["rows_written"] == 0


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)
FORMULA = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "'", "'=", "''-", "\t", "\r"]), TEXT)


@given(TEXT | FORMULA)
def test_a_cell_gives_every_text_back_and_starts_no_formula(value: str) -> None:
    cell = guarded(value)
    assert unguarded(cell) == value
    assert cell[0] not in "=@\t\r"
    if cell[0] in "+-":
        assert cell[1:].replace(" ", "").replace(".", "", 1).isdecimal()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries({"note": TEXT | FORMULA, "size": st.integers(-(10**9), 10**9)}),
        min_size=1,
        max_size=8,
    )
)
async def test_what_is_exported_and_imported_again_is_equal(
    acme: Company, globex: Company, people: list[dict[str, Any]]
) -> None:
    """Through CSV and through JSON Lines: quotes, line ends, every letter, and what looks like a formula."""
    begun = f"r{real_now().timestamp()}"
    given_rows = [{"user_id": f"{begun}-{n}", **each} for n, each in enumerate(people)]
    await imported(acme, "\n".join(json.dumps(row) for row in given_rows))
    for form in ("csv", "jsonl"):
        columns = ["user_id", "trait:note", "trait:size"]
        export = await exported(acme, columns=columns, format=form, raw=True, reason="A round trip.")
        content = await fetched(acme, export)
        plan = {
            "columns": [
                {"column": "user_id", "to": "user_id"},
                {"column": "trait:note", "to": "trait", "name": "note", "type": "text"},
                {"column": "trait:size", "to": "trait", "name": "size", "type": "number"},
            ]
        }
        done = await imported(globex, content, plan=plan)
        assert done["rejected"] == 0
        again = await exported(globex, columns=columns, format=form, raw=True, reason="A round trip.")
        told = {row["user_id"]: row for row in _rows(await fetched(globex, again), form)}
        for row in _rows(content, form):
            assert told[row["user_id"]] == row
        if form == "jsonl":
            found = {row["user_id"]: row for row in _rows(content, form)}
            for row in given_rows:
                assert found[row["user_id"]]["trait:note"] == row["note"]
                assert found[row["user_id"]]["trait:size"] == row["size"]


def _rows(content: bytes, form: str) -> list[dict[str, Any]]:
    if form == "csv":
        return [dict(row) for row in table(content)]
    return [json.loads(line) for line in content.splitlines()]


async def test_a_persons_own_export_keeps_its_form_part_by_part(acme: Company) -> None:
    """Several pages of events come as one list, in one JSON object."""
    source = await make_source(acme)
    batch = [track(userId="u-1", messageId=f"m-{n}") for n in range(450)]
    await acme.client().post("/v1/batch", json={"batch": batch}, auth=(source.key, ""))
    await Resolver(acme.scopes).drain()
    (profile,) = (await acme.client().get("/api/v1/cdp/profiles", params={"identifier": "u-1"})).json()[
        "items"
    ]
    body = {"kind": "export", "profile_id": profile["id"], "reason": "They asked."}
    asked = (await acme.client().post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(acme.scopes).run(UUID(asked["id"]))
    whole = (await acme.client().get(f"/api/v1/cdp/privacy/requests/{asked['id']}/export")).json()
    assert list(whole) == [
        *("profile", "identifiers", "consents", "consent_strings", "segments", "audiences"),
        *("consent_receipts", "events", "deliveries"),
    ]
    assert sorted(each["message_id"] for each in whole["events"]) == sorted(
        each["messageId"] for each in batch
    )
    assert whole["deliveries"] == whole["consent_receipts"] == []
