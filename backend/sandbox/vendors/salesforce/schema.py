"""Which fields each type has, of what kind, and which values may be written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any

from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce import ids
from sandbox.vendors.salesforce.errors import SalesforceError, no_such_field, no_such_type

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DEFAULT_LENGTH = {"email": 80, "phone": 40, "picklist": 255, "textarea": 32_000, "url": 255}
_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "currency": "xsd:double",
    "double": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
NUMBERS = frozenset({"currency", "double", "percent", "int"})
TEXTS = frozenset({"string", "email", "phone", "picklist", "textarea", "url"})


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    length: int = 0
    writable: bool = True
    required: bool = False
    options: tuple[str, ...] = ()
    refers: str | None = None
    scale: int = 2
    """Digits behind the point of a number; what comes with more is rounded."""
    multi_currency: bool = False
    """Only orgs of several currencies have it."""

    @property
    def relationship(self) -> str | None:
        return self.name.removesuffix("Id") if self.refers else None

    def described(self, *, locked: bool = False) -> dict[str, Any]:
        """`locked`: whoever signed in may see it, and not edit it."""
        return {
            "name": self.name,
            "label": _label(self.name),
            "type": self.type,
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "length": self.length if self.type in TEXTS else 18 if self.type in {"id", "reference"} else 0,
            "custom": self.name.endswith("__c"),
            "nillable": not self.required and self.type not in {"boolean", "id"},
            "createable": self.writable and not locked,
            "updateable": self.writable and not locked,
            "restrictedPicklist": bool(self.options),
            "scale": self.scale if self.type in NUMBERS - {"int"} else 0,
            "filterable": self.type != "address",
            "sortable": self.type not in {"address", "textarea"},
            "calculated": False,
            "relationshipName": self.relationship,
            "referenceTo": [self.refers] if self.refers else [],
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": each, "value": each} for each in self.options
            ],
        }


def _label(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))


def _text(name: str, length: int = 80, **facts: Any) -> Field:
    return Field(name, "string", length, **facts)


def _of(kind: str, *names: str, **facts: Any) -> tuple[Field, ...]:
    return tuple(Field(name, kind, _DEFAULT_LENGTH.get(kind, 0), **facts) for name in names)


_SYSTEM = (
    Field("Id", "id", writable=False),
    Field("IsDeleted", "boolean", writable=False),
    *_of("datetime", "CreatedDate", "LastModifiedDate", "SystemModstamp", writable=False),
    Field("CreatedById", "reference", writable=False, refers=sf.USER),
    Field("LastModifiedById", "reference", writable=False, refers=sf.USER),
)
_OWNED = (Field("OwnerId", "reference", refers=sf.USER),)
_CURRENCY = (Field("CurrencyIsoCode", "picklist", 3, multi_currency=True),)
_PERSON = (_text("FirstName", 40), _text("LastName", 80, required=True), _text("Name", 121, writable=False))
_REACHED = (*_of("email", "Email"), *_of("phone", "Phone", "MobilePhone"), _text("Title", 128))
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")


def _address(prefix: str) -> tuple[Field, ...]:
    names = (f"{prefix}{each}" for each in ("Street", "City", "State", "PostalCode", "Country"))
    lengths = (255, 40, 80, 20, 80)
    parts = tuple(_text(name, length) for name, length in zip(names, lengths, strict=True))
    return (*parts, Field(f"{prefix}Address", "address", writable=False))


def _table(*fields: Field) -> Mapping[str, Field]:
    return {each.name: each for each in (*_SYSTEM, *fields)}


FIELDS: Mapping[str, Mapping[str, Field]] = {
    sf.ACCOUNT: _table(
        _text("Name", 255, required=True),
        Field("Type", "picklist", 255, options=("Prospect", "Customer - Direct", "Other")),
        *_of("phone", "Phone"),
        *_of("url", "Website"),
        *_address("Billing"),
        *_OWNED,
        *_CURRENCY,
    ),
    sf.CONTACT: _table(
        Field("MasterRecordId", "reference", writable=False, refers=sf.CONTACT),
        *_PERSON,
        *_REACHED,
        Field("AccountId", "reference", refers=sf.ACCOUNT),
        Field("LeadSource", "picklist", 255, options=_SOURCES),
        _text("Department", 80),
        *_of("textarea", "Description"),
        *_of("date", "Birthdate", "Customer_Since__c"),
        *_of("boolean", "HasOptedOutOfEmail", "DoNotCall"),
        *_address("Mailing"),
        _text("Shop_Account__c", 80),
        *_of("double", "Stratum_Order_Count__c"),
        *_of("currency", "Stratum_Lifetime_Value__c"),
        _text("Stratum_Lifecycle__c", 80),
        *_OWNED,
        *_CURRENCY,
    ),
    sf.LEAD: _table(
        Field("MasterRecordId", "reference", writable=False, refers=sf.LEAD),
        *_PERSON,
        *_REACHED,
        _text("Company", 255, required=True),
        Field("LeadSource", "picklist", 255, options=_SOURCES),
        Field(
            "Status",
            "picklist",
            255,
            options=(
                "Open - Not Contacted",
                "Working - Contacted",
                "Closed - Converted",
                "Closed - Not Converted",
            ),
        ),
        *_of("textarea", "Description"),
        *_of("boolean", "HasOptedOutOfEmail", "DoNotCall"),
        *(Field(e.name, e.type, e.length, writable=e.writable) for e in _address("")),
        Field("IsConverted", "boolean", writable=False),
        Field("ConvertedDate", "date", writable=False),
        Field("ConvertedContactId", "reference", writable=False, refers=sf.CONTACT),
        Field("ConvertedAccountId", "reference", writable=False, refers=sf.ACCOUNT),
        *_OWNED,
        *_CURRENCY,
    ),
    sf.OPPORTUNITY: _table(
        _text("Name", 120, required=True),
        Field("AccountId", "reference", refers=sf.ACCOUNT),
        Field("StageName", "picklist", 255, required=True, options=tuple(sf.STAGES)),
        *_of("currency", "Amount"),
        *_of("percent", "Probability"),
        Field("CloseDate", "date", required=True),
        *_of("boolean", "IsClosed", "IsWon", writable=False),
        Field("Type", "picklist", 255, options=("New Customer", "Existing Customer - Upgrade")),
        *_of("textarea", "Description"),
        _text("Stratum_First_Source__c", 80),
        _text("Stratum_First_Campaign__c", 80),
        _text("Stratum_Last_Source__c", 80),
        _text("Stratum_Last_Platform__c", 80),
        *_of("currency", "Stratum_Lifetime_Value__c"),
        *_OWNED,
        *_CURRENCY,
    ),
    sf.ROLE: _table(
        Field("OpportunityId", "reference", required=True, refers=sf.OPPORTUNITY),
        Field("ContactId", "reference", required=True, refers=sf.CONTACT),
        Field("Role", "picklist", 255, options=("Decision Maker", "Business User", "Influencer", "Other")),
        *_of("boolean", "IsPrimary"),
        *_CURRENCY,
    ),
    sf.USER: _table(
        _text("Username", 80, writable=False),
        _text("Name", 121, writable=False),
        _text("FirstName", 40, writable=False),
        _text("LastName", 80, writable=False),
        Field("Email", "email", 128, writable=False),
        Field("IsActive", "boolean", writable=False),
        _text("TimeZoneSidKey", 40, writable=False),
    ),
    sf.ORGANIZATION: _table(
        _text("Name", 80, writable=False),
        _text("TimeZoneSidKey", 40, writable=False),
        _text("DefaultLocaleSidKey", 40, writable=False),
        _text("LanguageLocaleKey", 40, writable=False),
        _text("OrganizationType", 40, writable=False),
        _text("InstanceName", 5, writable=False),
        Field("IsSandbox", "boolean", writable=False),
        _text("Country", 80, writable=False),
    ),
    sf.CURRENCY: _table(
        Field("IsoCode", "picklist", 3, writable=False),
        Field("IsCorporate", "boolean", writable=False),
        Field("IsActive", "boolean", writable=False),
        Field("ConversionRate", "double", writable=False),
        Field("DecimalPlaces", "int", writable=False),
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A validation rule of the company's: a value that a field may not have. Its error may stand at the field."""

    kind: str
    field: str
    value: Any
    message: str
    names_field: bool = True


class Schema:
    """As the org is at the moment: with several currencies, or with one."""

    def __init__(self) -> None:
        self.multi_currency = True
        self.hidden: frozenset[str] = frozenset()
        self.hidden_fields: frozenset[tuple[str, str]] = frozenset()
        """Types, and fields of a type, that whoever signed in may not see: to them there are none."""
        self.locked_fields: frozenset[tuple[str, str]] = frozenset()
        """Fields that they may see, and not edit."""
        self.rules: list[Rule] = []

    @property
    def kinds(self) -> list[str]:
        return [e for e in FIELDS if e not in self.hidden and (e != sf.CURRENCY or self.multi_currency)]

    def kind(self, name: str) -> str:
        """Names are read in whatever case."""
        found = next((each for each in self.kinds if each.lower() == name.lower()), None)
        if found is None:
            raise no_such_type(name)
        return found

    def fields(self, kind: str) -> list[Field]:
        return [
            each
            for each in FIELDS[kind].values()
            if (self.multi_currency or not each.multi_currency)
            and (kind, each.name) not in self.hidden_fields
        ]

    def find(self, kind: str, name: str) -> Field | None:
        return next((each for each in self.fields(kind) if each.name.lower() == name.lower()), None)

    def related(self, kind: str, relationship: str) -> Field | None:
        """The field behind a relationship: `Account` is `AccountId`."""
        return next(
            (
                e
                for e in self.fields(kind)
                if e.relationship and e.relationship.lower() == relationship.lower()
            ),
            None,
        )

    def checked(self, kind: str, values: Any, *, new: bool) -> dict[str, Any]:
        """What may be written, in the form that it is kept in; None takes a value away."""
        if not isinstance(values, dict):
            raise SalesforceError("JSON_PARSER_ERROR", "The request body is no object.")
        found: dict[str, Any] = {}
        for name, value in values.items():
            if name == "attributes":
                continue
            field = self.find(kind, name)
            if field is None:
                raise no_such_field(name, kind)
            if not field.writable or (kind, field.name) in self.locked_fields:
                raise SalesforceError(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {field.name}. Please check the security settings of this field "
                    "and verify that it is read/write for your profile or permission set.",
                    fields=(field.name,),
                )
            found[field.name] = _value(field, value)
        wanted = [e.name for e in self.fields(kind) if e.required and (new or e.name in found)]
        missing = tuple(name for name in wanted if found.get(name) is None)
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise SalesforceError("REQUIRED_FIELD_MISSING", message, fields=missing)
        for rule in self.rules:
            if rule.kind == kind and found.get(rule.field) == rule.value:
                shown = (rule.field,) if rule.names_field else ()
                raise SalesforceError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields=shown)
        return found


def _value(field: Field, value: Any) -> Any:
    if value is None or value == "":
        return False if field.type == "boolean" else None
    if field.type in TEXTS:
        return _text_of(field, value)
    if field.type == "boolean" and isinstance(value, bool):
        return value
    if field.type in NUMBERS and isinstance(value, int | float | str) and not isinstance(value, bool):
        number = _number(value)
        if number is not None:
            return round(number, field.scale)
    if field.type == "date" and isinstance(value, str) and is_date(value):
        return value
    if field.type == "reference":
        found = ids.read(value)
        if found is None:
            message = f"{_label(field.name)}: id value of incorrect type: {value}"
            raise SalesforceError("MALFORMED_ID", message, fields=(field.name,))
        return found
    message = f"Cannot deserialize instance of {field.type} from value {value!r} of {field.name}."
    raise SalesforceError("JSON_PARSER_ERROR", message)


def _text_of(field: Field, value: Any) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool) or "\x00" in str(value):
        raise SalesforceError("JSON_PARSER_ERROR", f"Cannot deserialize the value of {field.name}.")
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SalesforceError("JSON_PARSER_ERROR", f"{field.name} is no text.") from error
    if len(text) > field.length:
        message = f"{_label(field.name)}: data value too large: {text[:40]} (max length={field.length})"
        raise SalesforceError("STRING_TOO_LONG", message, fields=(field.name,))
    if field.type == "email" and _EMAIL.fullmatch(text) is None:
        message = f"{_label(field.name)}: invalid email address: {text}"
        raise SalesforceError("INVALID_EMAIL_ADDRESS", message, fields=(field.name,))
    if field.options and text not in field.options:
        message = f"{_label(field.name)}: bad value for restricted picklist field: {text}"
        raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=(field.name,))
    return text


def _number(value: float | str) -> float | None:
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-03-02")


def moment(text: str) -> int | None:
    """Milliseconds since 1970 of a moment with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(at.timestamp() * 1000) if at.tzinfo is not None else None
