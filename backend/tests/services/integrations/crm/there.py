"""What a person does in a CRM itself, in the words of one CRM: the tests speak HubSpot's."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from tests.factories.crm import HUBSPOT, SALESFORCE, CrmSubject
from tests.sandbox_process import HTTP, Sandbox

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class There(Protocol):
    update_path: str

    def called(self, name: str) -> str:
        """A property of HubSpot's, as it is called there."""
        ...

    def create(self, *contacts: Mapping[str, str]) -> list[str]: ...

    def edit(self, contact: str, values: Mapping[str, str]) -> None: ...

    def delete(self, contact: str) -> None: ...

    def values(self, contact: str, names: tuple[str, ...]) -> dict[str, str | None]: ...

    def found(self, email: str) -> list[str]:
        """The contacts that have this address."""
        ...

    def before(self, contact: str) -> str:
        """The id that a reading has come to, whose next one this is."""
        ...


class HubSpotThere:
    update_path = "/hubspot/crm/objects/2026-03/contacts/batch/update"

    def __init__(self, sandbox: Sandbox) -> None:
        self._url = f"{sandbox.url}/hubspot/crm/objects/2026-03/contacts"
        self._token = str(sandbox.vendor("hubspot")["access_token"])

    def called(self, name: str) -> str:
        return name

    def create(self, *contacts: Mapping[str, str]) -> list[str]:
        inputs = [{"properties": dict(each), "associations": []} for each in contacts]
        made = self.ask("POST", "/batch/create", {"inputs": inputs})["results"]
        return [each["id"] for each in made]

    def edit(self, contact: str, values: Mapping[str, str]) -> None:
        self.ask("PATCH", f"/{contact}", {"properties": values})

    def delete(self, contact: str) -> None:
        self.ask("DELETE", f"/{contact}")

    def values(self, contact: str, names: tuple[str, ...]) -> dict[str, str | None]:
        found: dict[str, str | None] = self.ask("GET", f"/{contact}?properties={','.join(names)}")[
            "properties"
        ]
        return found

    def found(self, email: str) -> list[str]:
        asked = {
            "inputs": [{"id": email}],
            "idProperty": "email",
            "properties": ["email"],
            "propertiesWithHistory": [],
        }
        return [each["id"] for each in self.ask("POST", "/batch/read", asked)["results"]]

    def before(self, contact: str) -> str:
        return str(int(contact) - 1)

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = _asked(method, self._url + path, self._token, body)
        return found


class SalesforceThere:
    update_path = "/salesforce/services/data/v67.0/composite/sobjects"
    _NAMES: Mapping[str, str] = {
        "email": "Email",
        "firstname": "FirstName",
        "lastname": "LastName",
        "city": "MailingCity",
        "jobtitle": "Title",
        "stratum_lifecycle": "Stratum_Lifecycle__c",
        "stratum_order_count": "Stratum_Order_Count__c",
        "stratum_rfm": "Shop_Account__c",
        "lifecyclestage": "LeadSource",
    }

    def __init__(self, sandbox: Sandbox) -> None:
        self._url = f"{sandbox.url}/salesforce/services/data/v67.0"
        self._token = str(sandbox.vendor("salesforce")["access_token"])
        sandbox.control("POST", "salesforce/permissions", json={"hidden": ["Lead"]})

    def called(self, name: str) -> str:
        return self._NAMES[name]

    def create(self, *contacts: Mapping[str, str]) -> list[str]:
        return self.create_as("Contact", *contacts)

    def create_as(self, kind: str, *people: Mapping[str, str]) -> list[str]:
        named = {"attributes": {"type": kind}, "LastName": "Lovelace"}
        rows = [named | {self._NAMES.get(n, n): v for n, v in each.items()} for each in people]
        made = self.ask("POST", "/composite/sobjects", {"allOrNone": False, "records": rows})
        assert all(each["success"] for each in made), made
        return [each["id"] for each in made]

    def edit(self, contact: str, values: Mapping[str, str]) -> None:
        self.ask("PATCH", f"/sobjects/Contact/{contact}", {self._NAMES[n]: v for n, v in values.items()})

    def delete(self, contact: str) -> None:
        self.ask("DELETE", f"/sobjects/Contact/{contact}")

    def values(self, contact: str, names: tuple[str, ...]) -> dict[str, str | None]:
        found = self.ask("GET", f"/sobjects/Contact/{contact}")
        return {name: _text(found[self._NAMES[name]]) for name in names}

    def found(self, email: str, kind: str = "Contact") -> list[str]:
        query = quote(f"SELECT Id FROM {kind} WHERE Email = '{email}'")  # noqa: S608 - of the sandbox
        return [each["Id"] for each in self.ask("GET", f"/query?q={query}")["records"]]

    def before(self, contact: str) -> str:
        digits = list(contact[:15])
        place = 14
        while digits[place] == "0":
            digits[place], place = "z", place - 1
        digits[place] = _DIGITS[_DIGITS.index(digits[place]) - 1]
        return "".join(digits)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return _asked(method, self._url + path, self._token, body)


THERE: Mapping[str, type[HubSpotThere | SalesforceThere]] = {
    HUBSPOT.provider: HubSpotThere,
    SALESFORCE.provider: SalesforceThere,
}


def there_of(crm: CrmSubject, sandbox: Sandbox) -> HubSpotThere | SalesforceThere:
    return THERE[crm.provider](sandbox)


def _text(value: Any) -> str | None:
    return str(value).removesuffix(".0") if value is not None else None


def _asked(method: str, url: str, token: str, body: Any) -> Any:
    answer = HTTP.request(method, url, headers={"Authorization": f"Bearer {token}"}, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else {}
