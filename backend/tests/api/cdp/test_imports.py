"""Files that are handed in: read by a plan that people see before, and taken in once, whatever happens."""

import contextlib
import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.clock import real_now
from app.db.session import TenantScope
from app.services.cdp.consents.service import Consents
from app.services.cdp.identity.service import Resolver
from app.services.cdp.imports.pieces import PART_ROWS
from app.services.cdp.imports.service import ImportErasure, ImportExpiry, ImportWork
from app.services.cdp.imports.working import shared_context
from app.services.cdp.privacy.service import PrivacyWork
from tests.api.cdp.test_privacy import WorkerDiedError, die, scopes_that
from tests.factories.access import Company
from tests.factories.cdp import make_source, track
from tests.factories.files import IMPORTS, imported, upload

PEOPLE = (
    "email;first name;plan;age;vip;consent.ads\n"
    "jo@example.com;Jo;pro;42;true;yes\n"
    "mo@example.com;Mo;free;;false;no\n"
)


async def profile_by(company: Company, identifier: str) -> dict[str, Any]:
    found = await company.client().get("/api/v1/cdp/profiles", params={"identifier": identifier})
    (profile,) = found.json()["items"]
    whole = await company.client().get(f"/api/v1/cdp/profiles/{profile['id']}")
    assert whole.status_code == 200, whole.text
    told: dict[str, Any] = whole.json()
    return told


async def refused(company: Company, content: bytes, **asked: str) -> dict[str, Any]:
    """What is wrong with a file that cannot be read at all."""
    answer = await company.client(Role.MANAGER).post(
        IMPORTS, params={"name": "f", "kind": "people", **asked}, content=content
    )
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["fields"]
    told: dict[str, Any] = fault
    return told


async def rejected_rows(company: Company, import_id: str) -> list[dict[str, str]]:
    answer = await company.client(Role.MANAGER).get(f"{IMPORTS}/{import_id}/rejected")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def everything_taken_in(scope: TenantScope) -> int:
    return int(await scope.session.scalar(text("select count(*) from cdp_events")) or 0)


async def test_people_of_a_csv_file_become_profiles_with_traits_and_consents(acme: Company) -> None:
    made = await upload(acme, "\ufeff" + PEOPLE)
    assert (made["status"], made["rows_total"], made["columns"][1]) == ("draft", 2, "first name")
    plans = {each["column"]: (each["to"], each["name"], each["type"]) for each in made["plan"]["columns"]}
    assert plans["email"][0] == "email"
    assert plans["age"] == ("trait", "age", "number")
    assert plans["vip"] == ("trait", "vip", "boolean")
    assert plans["consent.ads"][:2] == ("consent", "ads")
    client = acme.client(Role.MANAGER)
    seen = (await client.post(f"{IMPORTS}/{made['id']}/preview", json=made["plan"])).json()
    assert (seen["checked"], seen["fault_count"]) == (2, 0)
    assert seen["rows"][0]["identifiers"] == {"email": "jo@example.com"}
    assert seen["rows"][0]["values"] == {"first name": "Jo", "plan": "pro", "age": 42, "vip": True}
    assert seen["rows"][1]["consents"] == {"ads": False}
    async with acme.scopes() as scope:
        assert await everything_taken_in(scope) == 0, "nothing is stored before it is started"
    begun = real_now()
    assert (await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])).status_code == 202
    await ImportWork(acme.scopes).run()
    await Resolver(acme.scopes).drain()
    async with acme.scopes() as scope:
        await Consents(scope).take_in(begun - timedelta(minutes=1), real_now() + timedelta(minutes=1))
        assert await scope.session.scalar(text("select count(*) from cdp_import_parts")) == 0
    done = (await client.get(f"{IMPORTS}/{made['id']}")).json()
    assert (done["status"], done["accepted"], done["duplicates"], done["rejected"]) == ("done", 2, 0, 0)
    profile = await profile_by(acme, "jo@example.com")
    assert profile["traits"] == {"plan": "pro", "age": 42, "vip": True}
    assert [each["type"] for each in profile["identifiers"]] == ["email"], "no identifier is made up"
    consents = (await acme.client().get(f"/api/v1/cdp/consents/{profile['id']}")).json()
    assert consents["purposes"]["ads"]["because"] == "they_granted"


async def test_events_of_json_lines_come_at_their_own_times(acme: Company) -> None:
    rows = [
        {"event": "Order Completed", "time": "2024-03-31 01:30", "user_id": 7, "properties": {"total": 12.5}},
        {"event": "Order Completed", "time": 1711843200, "user_id": 7, "message_id": "own-1"},
        {"event": "Order Completed", "user_id": 7},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    done = await imported(acme, lines, "events", {"timezone": "Europe/Berlin"})
    assert (done["format"], done["accepted"], done["rejected"]) == ("json", 2, 1)
    (rejected,) = await rejected_rows(acme, done["id"])
    assert (rejected["row"], rejected["reason"]) == ("3", "time: Say when it happened.")
    events = (await acme.client().get("/api/v1/cdp/events")).json()["items"]
    assert sorted(each["event_time"] for each in events) == ["2024-03-31T00:00:00Z", "2024-03-31T00:30:00Z"]
    again = await imported(acme, json.dumps(rows[1]), "events")
    assert (again["accepted"], again["duplicates"]) == (0, 1), "the file's own id is known again"


async def test_rows_that_cannot_be_read_are_named_and_the_others_are_taken_in(acme: Company) -> None:
    rows = ["email,phone,age", "jo@example.com,,3", "nobody,,3", ",,3", "mo@example.com,,many", "a,b,c,d"]
    made = await upload(acme, "\n".join(rows))
    plan = made["plan"] | {
        "columns": [
            *made["plan"]["columns"][:2],
            {"column": "age", "to": "trait", "name": "age", "type": "number"},
        ]
    }
    client = acme.client(Role.MANAGER)
    seen = (await client.post(f"{IMPORTS}/{made['id']}/preview", json=plan)).json()
    assert [(each["row"], each["column"], each["code"]) for each in seen["faults"]] == [
        (3, "email", "not_an_identifier"),
        (4, "row", "nobody"),
        (5, "age", "not_a_number"),
        (6, "row", "too_many_values"),
    ]
    done = await imported(acme, "\n".join(rows), plan=plan)
    assert (done["accepted"], done["rejected"], done["rows_read"]) == (1, 4, 5)
    found = await rejected_rows(acme, done["id"])
    assert [(each["row"], each["email"]) for each in found] == [
        ("3", "nobody"),
        ("4", ""),
        ("5", "mo@example.com"),
        ("6", "a"),
    ]


async def test_numbers_too_large_to_keep_are_faults_of_their_rows(acme: Company) -> None:
    text = f"email,score\njo@example.com,1e999\nmo@example.com,2\nbo@example.com,{'9' * 5_000}\n"
    made = await upload(acme, text)
    columns = [
        {"column": "email", "to": "email"},
        {"column": "score", "to": "trait", "name": "score", "type": "number"},
    ]
    plan = made["plan"] | {"columns": columns}
    client = acme.client(Role.MANAGER)
    seen = await client.post(f"{IMPORTS}/{made['id']}/preview", json=plan)
    assert seen.status_code == 200, seen.text
    found = [(each["row"], each["column"], each["code"]) for each in seen.json()["faults"]]
    assert found == [(2, "score", "not_a_number"), (4, "score", "not_a_number")]
    done = await imported(acme, text, plan=plan)
    assert (done["status"], done["accepted"], done["rejected"]) == ("done", 1, 2)
    far = json.dumps({"event": "Order Completed", "time": 10**400, "user_id": 7})
    done = await imported(acme, far, "events")
    assert (done["status"], done["accepted"], done["rejected"]) == ("done", 0, 1)


async def test_a_row_that_ingestion_refuses_is_rejected_with_its_reason(acme: Company) -> None:
    done = await imported(
        acme, f"email,note\njo@example.com,{'x' * 40_000}\nmo@example.com,short\n", "people"
    )
    assert (done["accepted"], done["rejected"]) == (1, 1)
    (row,) = await rejected_rows(acme, done["id"])
    assert row["reason"].startswith("too_large: ")
    assert len(row["note"]) == 40_000


async def test_formula_looking_and_decimal_comma_texts_are_read_as_they_were_meant(acme: Company) -> None:
    plan = {
        "columns": [
            {"column": "email", "to": "email"},
            {"column": "note", "to": "trait", "name": "note"},
            {"column": "spent", "to": "trait", "name": "spent", "type": "number"},
        ],
        "decimal_comma": True,
    }
    await imported(acme, "email;note;spent\njo@example.com;'=1+1;1.234,50\n", plan=plan)
    profile = await profile_by(acme, "jo@example.com")
    assert profile["traits"] == {"note": "=1+1", "spent": 1234.5}


@pytest.mark.parametrize(
    ("content", "place", "code"),
    [
        (b"", "file", "empty"),
        (b"email\n", "file", "empty"),
        ("email,name\njo@example.com,J\xf6rg\n".encode("latin-1"), "file", "not_utf8"),
        ("email\njo@example.com\n".encode("utf-16"), "file", "not_utf8"),
        (b"PK\x03\x04rest", "file", "not_text"),
        (b'email,name\njo@example.com,"Jo\n', "row 2, row", "malformed"),
        (b'email\n"jo"@example.com\n', "row 2, row", "malformed"),
        (b"email,name\njo@example.com," + b"x" * 200_000 + b"\n", "row 2, row", "malformed"),
        (b"x" * 1_100_000, "row 1, row", "too_long"),
        (b"a,b\x00\n1,2\n", "row 1, header", "bad_column"),
        (b",".join(b"c%d" % n for n in range(201)) + b"\n1\n", "row 1, header", "too_many_columns"),
        (b'[{"email":"jo@example.com"},', "row 2, row", "not_an_object"),
        (b'[{"email":"jo@example.com"', "row 1, row", "malformed"),
        (b"[1, 2]", "row 1, row", "not_an_object"),
        (b"[" * 5_000, "row 1, row", "not_an_object"),
        (b'[{"a":' + b"[" * 100_000, "row 1, row", "malformed"),
        (b'[{"email":"' + b"x" * 200_000 + b'"}]', "row 1, row", "too_long"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_with_its_mend(
    acme: Company, content: bytes, place: str, code: str
) -> None:
    fault = await refused(acme, content)
    assert (fault["field"], fault["code"]) == (place, code)
    listed = (await acme.client().get(IMPORTS)).json()["items"]
    assert listed == [], "nothing is left of it"


async def test_a_row_with_a_nul_character_or_that_is_no_object_is_rejected(acme: Company) -> None:
    done = await imported(acme, b"email,name\njo@example.com,J\x00o\nmo@example.com,Mo\n")
    assert (done["accepted"], done["rejected"]) == (1, 1)
    (row,) = await rejected_rows(acme, done["id"])
    assert row["reason"] == "name: It holds a NUL character: delete it."
    lines = '{"email":"jo@example.com"}\n[1]\n{broken\n{"email":"\\u0000"}\n'
    odd = await imported(acme, lines)
    assert (odd["accepted"], odd["rejected"]) == (1, 3)


async def test_a_plan_without_a_person_or_with_odd_columns_is_refused(acme: Company) -> None:
    made = await upload(acme, "name,plan\nJo,pro\n")
    client = acme.client(Role.MANAGER)
    answer = await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json()["fields"]] == ["no_identifier"]
    columns = [
        {"column": "nowhere", "to": "email"},
        {"column": "name", "to": "email"},
        {"column": "plan", "to": "consent", "name": "world domination"},
        {"column": "plan", "to": "event"},
    ]
    answer = await client.post(
        f"{IMPORTS}/{made['id']}/preview", json={"columns": columns, "timezone": "Nowhere/Land"}
    )
    codes = {each["code"] for each in answer.json()["fields"]}
    assert codes == {"unknown_column", "twice", "unknown_purpose", "wrong_kind", "unknown_timezone"}


async def test_files_past_the_bounds_are_refused(acme: Company) -> None:
    client = acme.client(Role.MANAGER)
    asked = {"name": "f", "kind": "people"}
    answer = await client.post(IMPORTS, params=asked, content=b"email\n" + b"x\n" * 1_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "cdp.imports.too_long")
    answer = await client.post(IMPORTS, params=asked, content=b"x" * (64 * 1_048_576 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "cdp.imports.too_large")
    assert (await client.get(IMPORTS)).json()["items"] == []


def of_parts(parts: int) -> str:
    """A file of so many parts, and a half."""
    rows = (f"p{number}@example.com" for number in range(parts * PART_ROWS + PART_ROWS // 2))
    return "\n".join(["email", *rows])


@pytest.mark.parametrize("moment", range(1, 14))
async def test_an_import_whose_worker_dies_at_any_moment_doubles_nothing(acme: Company, moment: int) -> None:
    """Also between the commit of the events and that of the progress: the part is read again, and counts once."""
    made = await upload(acme, of_parts(2))
    client = acme.client(Role.MANAGER)
    await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    with contextlib.suppress(WorkerDiedError):
        await ImportWork(scopes_that(acme.scopes, moment, die)).run()
    await ImportWork(acme.scopes).run()
    total = made["rows_total"]
    async with acme.scopes() as scope:
        assert await everything_taken_in(scope) == total
        assert (await scope.session.scalars(text("select distinct context from cdp_events"))).all() == [
            json.loads(shared_context(UUID(made["id"])))
        ]
    done = (await client.get(f"{IMPORTS}/{made['id']}")).json()
    assert (done["status"], done["rows_read"]) == ("done", total)
    assert (done["accepted"], done["duplicates"], done["rejected"]) == (total, 0, 0)


async def test_one_import_runs_at_a_time_in_the_order_of_their_starts(acme: Company) -> None:
    client = acme.client(Role.MANAGER)
    made = [await upload(acme, f"email\np{number}@example.com\n") for number in range(3)]
    for each in reversed(made):
        await client.post(f"{IMPORTS}/{each['id']}/start", json=each["plan"])
    await ImportWork(acme.scopes, seconds=0).run()
    statuses = [(await client.get(f"{IMPORTS}/{each['id']}")).json()["status"] for each in made]
    assert statuses == ["queued", "queued", "done"]
    await ImportWork(acme.scopes).run()
    statuses = [(await client.get(f"{IMPORTS}/{each['id']}")).json()["status"] for each in made]
    assert statuses == ["done"] * 3


async def test_a_cancelled_import_keeps_what_was_taken_in_and_no_file(acme: Company) -> None:
    made = await upload(acme, of_parts(1))
    client = acme.client(Role.MANAGER)
    await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    await ImportWork(acme.scopes, seconds=0).run()
    cancelled = (await client.post(f"{IMPORTS}/{made['id']}/cancel")).json()
    taken = (cancelled["status"], cancelled["accepted"], cancelled["rows_read"])
    assert taken == ("cancelled", PART_ROWS, PART_ROWS)
    await ImportWork(acme.scopes).run()
    async with acme.scopes() as scope:
        assert await everything_taken_in(scope) == PART_ROWS
        assert await scope.session.scalar(text("select count(*) from cdp_import_parts")) == 0
    assert (await client.post(f"{IMPORTS}/{made['id']}/cancel")).status_code == 409
    assert (await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])).status_code == 409


async def test_unstarted_files_and_rejected_rows_expire(acme: Company) -> None:
    waiting = await upload(acme, "email\na@example.com\n")
    done = await imported(acme, "email\nnobody\n")
    async with acme.scopes() as scope:
        await scope.session.execute(text("update cdp_imports set expires_at = now() - interval '1 second'"))
    client = acme.client(Role.MANAGER)
    gone = await client.get(f"{IMPORTS}/{done['id']}/rejected")
    assert (gone.status_code, gone.json()["code"]) == (410, "cdp.imports.rejected_rows_expired")
    await ImportExpiry(acme.scopes).run()
    assert (await client.get(f"{IMPORTS}/{waiting['id']}")).json()["status"] == "expired"
    async with acme.scopes() as scope:
        for table in ("cdp_import_parts", "cdp_import_rejects"):
            assert await scope.session.scalar(text(f"select count(*) from {table}")) == 0  # noqa: S608  (ours)


async def test_files_are_sealed_at_rest(acme: Company) -> None:
    await imported(acme, "email\nnobody-in-particular\n")
    await upload(acme, "email\nsomebody@example.com\n")
    async with acme.scopes() as scope:
        for table in ("cdp_import_parts", "cdp_import_rejects"):
            kept = (await scope.session.scalars(text(f"select sealed from {table}"))).all()  # noqa: S608  (ours)
            assert kept
            assert not any(b"body" in each for each in kept)


async def test_an_erasure_takes_the_person_out_of_files_that_wait(acme: Company) -> None:
    source = await make_source(acme)
    event = track(userId="u-7", email="jo@example.com")
    await acme.client().post("/v1/track", json=event, auth=(source.key, ""))
    await Resolver(acme.scopes).drain()
    client = acme.client(Role.MANAGER)
    rows = ["email,user_id,size", "JO@example.com,,1", "mo@example.com,u-8,u-7", ",u-7,1", "nobody,u-7,1"]
    done = await imported(acme, "\n".join([rows[0], rows[4]]))
    assert done["rejected"] == 1
    waiting = await upload(acme, "\n".join(rows[:4]))
    await upload(acme, '{"email":"mo@example.com"}\n7\nnull\n{"email":' + "[" * 900 + "]" * 900 + "}")
    body = {"kind": "erasure", "profile_id": (await profile_by(acme, "u-7"))["id"], "reason": "They asked."}
    asked = (await acme.client().post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(acme.scopes).run(UUID(asked["id"]))
    told = (await acme.client().get(f"/api/v1/cdp/privacy/requests/{asked['id']}/certificate")).json()
    stores = {each["store"]: (each["status"], each["rows"]) for each in told["certificate"]["stores"]}
    assert stores["cdp_import_parts"] == ("erased", 2)
    assert stores["cdp_import_rejects"] == ("erased", 1)
    assert await rejected_rows(acme, done["id"]) == []
    assert (await client.get(f"{IMPORTS}/{waiting['id']}")).json()["rows_total"] == 1
    seen = (await client.post(f"{IMPORTS}/{waiting['id']}/preview", json=waiting["plan"])).json()
    assert [each["identifiers"] for each in seen["rows"]] == [{"email": "mo@example.com", "user_id": "u-8"}]


async def test_an_import_that_was_started_before_an_erasure_does_not_bring_the_person_back(
    acme: Company,
) -> None:
    source = await make_source(acme)
    await acme.client().post("/v1/track", json=track(userId="u-7"), auth=(source.key, ""))
    await Resolver(acme.scopes).drain()
    made = await upload(acme, "user_id,plan\nu-9,pro\n")
    client = acme.client(Role.MANAGER)
    await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    body = {"kind": "erasure", "profile_id": (await profile_by(acme, "u-7"))["id"], "reason": "They asked."}
    asked = (await acme.client().post("/api/v1/cdp/privacy/requests", json=body)).json()
    await PrivacyWork(acme.scopes).run(UUID(asked["id"]))
    await ImportWork(acme.scopes).run()
    assert (await client.get(f"{IMPORTS}/{made['id']}")).json()["accepted"] == 1
    later = await imported(acme, "user_id,time,event\nu-7,2024-01-01,Seen\n", "events")
    assert (later["accepted"], later["rejected"]) == (0, 1)
    (row,) = await rejected_rows(acme, later["id"])
    assert row["reason"].startswith("erased: ")
    assert "u-7" not in row.values()


@pytest.mark.parametrize("at", range(1, 8))
async def test_no_more_rows_are_dealt_with_than_a_file_has_whenever_an_erasure_shortens_it(
    acme: Company, at: int
) -> None:
    made = await upload(acme, "user_id\nu-7\nu-8\n")
    client = acme.client(Role.MANAGER)
    await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])

    async def forget() -> None:
        await ImportErasure(acme.scopes).run(lambda _: False, lambda row: "u-7" in row)

    await ImportWork(scopes_that(acme.scopes, at, forget)).run()
    told = (await client.get(f"{IMPORTS}/{made['id']}")).json()
    assert (told["status"], told["rows_read"]) == ("done", told["accepted"])
    assert told["rows_read"] == told["rows_total"]


async def test_two_tenants_files_are_apart(acme: Company, globex: Company) -> None:
    made = await upload(acme, "email\njo@example.com\n")
    theirs = globex.client(Role.MANAGER)
    assert (await theirs.get(f"{IMPORTS}/{made['id']}")).status_code == 404
    assert (await theirs.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])).status_code == 404
    assert (await theirs.get(IMPORTS)).json()["items"] == []
    await acme.client(Role.MANAGER).post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    await ImportWork(globex.scopes).run()
    assert (await acme.client().get(f"{IMPORTS}/{made['id']}")).json()["status"] == "queued"
