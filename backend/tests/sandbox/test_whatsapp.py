"""The Cloud API as its clients see it: templates, the window of a day, every refusal in its own words."""

import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.sandbox_process import HTTP, Sandbox

PERSON = "36301234567"
TEMPLATE = {
    "name": "greeting",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "Hello {{1}}, here is {{2}} for you.",
            "example": {"body_text": [["Dana", "news"]]},
        },
        {
            "type": "BUTTONS",
            "buttons": [
                {
                    "type": "URL",
                    "text": "Open",
                    "url": "https://shop.example/{{1}}",
                    "example": ["https://shop.example/a"],
                }
            ],
        },
    ],
}


class Phone:
    """Calls of the one number, with the standing token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.facts = sandbox.vendor("whatsapp")

    def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token or self.facts['access_token']}"}
        url = f"{self.sandbox.url}/whatsapp/v25.0/{path}"
        return HTTP.request(method, url, headers=headers, timeout=20, **options)

    def send(self, **message: Any) -> httpx2.Response:
        body = {"messaging_product": "whatsapp", "to": PERSON, **message}
        return self.call("POST", f"{self.facts['phone_number_id']}/messages", json=body)

    def text(self, body: str = "hello") -> httpx2.Response:
        return self.send(type="text", text={"body": body})

    def template(self, *values: str, button: str | None = "a", name: str = "greeting") -> httpx2.Response:
        components: list[dict[str, Any]] = [
            {"type": "body", "parameters": [text_of(each) for each in values]}
        ]
        if button is not None:
            components.append(
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [text_of(button)]}
            )
        return self.send(
            type="template", template={"name": name, "language": {"code": "en"}, "components": components}
        )

    def told(self) -> list[dict[str, Any]]:
        return [
            json.loads(each["body"])["entry"][0]["changes"][0]
            for each in self.sandbox.control("GET", "whatsapp/webhook")
        ]

    def review(self, **changes: str) -> None:
        self.sandbox.control("POST", "whatsapp/templates", json={"name": "greeting", **changes})


def text_of(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def code_of(answer: httpx2.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def phone(sandbox: Sandbox) -> Iterator[Phone]:
    for each in ("messages", "templates", "quota"):
        sandbox.control("DELETE", f"whatsapp/{each}")
    yield Phone(sandbox)
    for each in ("messages", "templates", "quota"):
        sandbox.control("DELETE", f"whatsapp/{each}")
    sandbox.control("POST", "whatsapp/refusals", json={"at_once": False})
    sandbox.control("POST", "whatsapp/tokens", json={"action": "restore"})
    sandbox.repair()


@pytest.fixture
def approved(phone: Phone) -> Phone:
    assert (
        phone.call("POST", f"{phone.facts['waba_id']}/message_templates", json=TEMPLATE).json()["status"]
        == "PENDING"
    )
    phone.review(status="APPROVED")
    return phone


def test_whose_number_it_is_and_that_the_apps_secret_is_the_tokens(phone: Phone) -> None:
    number, secret = phone.facts["phone_number_id"], phone.facts["app_secret"]
    shown = phone.call("GET", number, params={"fields": "display_phone_number,verified_name"}).json()
    assert shown == {
        "id": number,
        "display_phone_number": "+1 202-555-0123",
        "verified_name": "Northwind Alerts",
    }
    good = hmac.digest(secret.encode(), phone.facts["access_token"].encode(), "sha256").hex()
    assert phone.call("GET", number, params={"appsecret_proof": good}).status_code == 200
    assert code_of(phone.call("GET", number, params={"appsecret_proof": "0" * 64})) == (400, 100)
    assert code_of(phone.call("GET", "1234567")) == (400, 100)
    assert code_of(phone.call("GET", number, token="EAAnobody")) == (401, 190)


def test_a_template_is_filled_in_once_it_is_approved(approved: Phone) -> None:
    sent = approved.template("Dana", "a report", button="reports/7")
    assert sent.json()["messages"][0]["message_status"] == "accepted"
    [kept] = approved.sandbox.control("GET", "whatsapp/messages", params={"to": PERSON})
    assert kept["id"] == sent.json()["messages"][0]["id"]
    assert kept["text"] == "Hello Dana, here is a report for you."
    assert kept["buttons"] == [{"text": "Open", "url": "https://shop.example/reports/7"}]


@pytest.mark.parametrize(
    ("status", "code"), [("PENDING", 132001), ("REJECTED", 132001), ("PAUSED", 132015), ("DISABLED", 132016)]
)
def test_a_template_that_is_not_approved_is_refused(approved: Phone, status: str, code: int) -> None:
    approved.review(status=status)
    assert code_of(approved.template("Dana", "news"))[1] == code
    assert approved.told()[-1]["value"]["event"] == status


def test_parameters_have_to_fit(approved: Phone) -> None:
    assert code_of(approved.template("Dana")) == (400, 132000)
    assert code_of(approved.template("Dana", "news", button=None)) == (400, 132000)
    assert code_of(approved.template("Dana", "two\nlines")) == (400, 132018)
    assert code_of(approved.template("Dana", "n" * 1_100)) == (400, 132005)
    assert code_of(approved.template("Dana", "news", name="nobody")) == (404, 132001)


def test_what_a_template_may_not_be(phone: Phone) -> None:
    def written(body: dict[str, Any]) -> tuple[int, int]:
        components = [{"type": "BODY", **body}]
        return code_of(
            phone.call(
                "POST",
                f"{phone.facts['waba_id']}/message_templates",
                json={**TEMPLATE, "components": components},
            )
        )

    assert written({"text": "{{1}} is here", "example": {"body_text": [["a"]]}}) == (400, 100)
    assert written({"text": "Here is {{1}}", "example": {"body_text": [["a"]]}}) == (400, 100)
    assert written({"text": "Here is {{1}}, look"}) == (400, 100)


def test_text_is_taken_within_a_day_of_what_the_person_wrote_and_not_after(phone: Phone) -> None:
    assert phone.text().status_code == 200
    said = phone.told()[-1]["value"]["statuses"][0]
    assert (said["status"], said["errors"][0]["code"]) == ("failed", 131047)
    phone.sandbox.control("POST", "whatsapp/inbound", json={"sender": PERSON, "text": "hi"})
    phone.sandbox.advance(23.9)
    before = len(phone.told())
    assert phone.text().status_code == 200
    assert len(phone.told()) == before
    phone.sandbox.advance(0.2)
    phone.sandbox.control("POST", "whatsapp/refusals", json={"at_once": True})
    assert code_of(phone.text()) == (400, 131047)


def test_what_is_told_is_signed_and_carries_what_the_sender_gave(approved: Phone) -> None:
    approved.send(type="text", text={"body": "hello"}, biz_opaque_callback_data="mine")
    told = approved.sandbox.control("GET", "whatsapp/webhook")[-1]
    mine = hmac.digest(approved.facts["app_secret"].encode(), told["body"].encode(), "sha256").hex()
    assert told["signature"] == f"sha256={mine}"
    assert approved.told()[-1]["value"]["statuses"][0]["biz_opaque_callback_data"] == "mine"


def test_too_many_at_once_or_to_one_person_are_refused(approved: Phone) -> None:
    approved.sandbox.control("POST", "whatsapp/quota", json={"pair_burst": 1})
    assert approved.template("Dana", "news").status_code == 200
    assert code_of(approved.template("Dana", "news")) == (400, 131056)
    approved.sandbox.control("POST", "whatsapp/quota", json={"per_second": 0, "pair_burst": 9})
    assert code_of(approved.template("Dana", "news")) == (429, 130429)


def test_people_who_cannot_be_reached(approved: Phone) -> None:
    approved.sandbox.control("POST", "whatsapp/people", json={"digits": PERSON, "code": 131030})
    assert code_of(approved.template("Dana", "news")) == (400, 131030)
    approved.sandbox.control("POST", "whatsapp/people", json={"digits": PERSON, "code": 131026})
    assert approved.template("Dana", "news").status_code == 200
    assert approved.told()[-1]["value"]["statuses"][0]["errors"][0]["code"] == 131026


def test_a_token_that_may_not_send_or_has_ended(approved: Phone) -> None:
    path = f"{approved.facts['phone_number_id']}/messages"
    body = {"messaging_product": "whatsapp", "to": PERSON, "type": "text", "text": {"body": "a"}}
    assert code_of(approved.call("POST", path, token=approved.facts["read_only_token"], json=body)) == (
        403,
        10,
    )
    approved.sandbox.control("POST", "whatsapp/tokens", json={"action": "revoke"})
    assert code_of(approved.text()) == (401, 190)


def test_faults_speak_its_words(approved: Phone) -> None:
    fault = {"kind": "rate_limit", "vendor": "whatsapp", "code": 131056, "count": 1}
    approved.sandbox.control("POST", "faults", json=fault)
    assert code_of(approved.text())[1] == 131056
