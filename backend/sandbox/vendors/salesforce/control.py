"""`/control/salesforce`: what a person does in the org, its sessions, its limits, and a list of any length."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.refusals import Refused
from sandbox.vendors.salesforce import constants as sf
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.records import Record
from sandbox.vendors.salesforce.schema import Rule
from sandbox.vendors.salesforce.search import written
from sandbox.vendors.salesforce.state import OrgState

Kind = Literal["Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole"]


class Edit(BaseModel):
    """Fields by their names; null takes a value away. `delete` puts the record into the bin."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = "Contact"
    object_id: str
    changes: dict[str, Any] = {}
    delete: bool = False


class Merge(BaseModel):
    """As Salesforce's own pages do it: `merged_id` becomes a part of `master_id`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["Contact", "Lead"] = "Contact"
    master_id: str
    merged_id: str


class NewLead(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str
    last_name: str = "Written down by hand"


class NewDeal(BaseModel):
    """An opportunity of a contact, as somebody writes it down. Without a close date it is today's."""

    model_config = ConfigDict(extra="forbid")

    contact_id: str
    amount: float | None = 1200.0
    currency: str | None = None
    stage: str = "Prospecting"
    close_date: str | None = None


class TokenChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["revoke", "expire", "expire_all", "restore"]
    token: str | None = None


class Quota(BaseModel):
    """None widens again."""

    model_config = ConfigDict(extra="forbid")

    calls_per_day: Annotated[int, Field(ge=1)] | None = None


class Currencies(BaseModel):
    model_config = ConfigDict(extra="forbid")

    several: bool


class Permissions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hidden: list[Kind] = []
    hidden_fields: list[tuple[Kind, str]] = []
    locked_fields: list[tuple[Kind, str]] = []


class NewRule(BaseModel):
    """A value that a field may not have; the error stands at the field, or on top of the page."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = "Contact"
    field: str
    value: Any
    message: str = "The company's rule says no."
    names_field: bool = True


class Rules(BaseModel):
    """The company's: its validation rules, whole, to whom its assignment rule gives leads, and its duplicate rule.

    That one stops a new contact or lead whose first and last name somebody there has.
    """

    model_config = ConfigDict(extra="forbid")

    validations: list[NewRule] = []
    assigns_leads_to: str | None = None
    refuses_doubles: bool = False


class ImportedContacts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contacts: Annotated[int, Field(ge=1, le=50_000)]


def router(org: OrgState) -> APIRouter:
    routes = APIRouter(prefix="/control/salesforce", tags=["salesforce"])
    _about_records(routes, org)
    _about_writing(routes, org)
    _about_merges(routes, org)
    _about_calls(routes, org)
    return routes


def _found(org: OrgState, kind: str, name: str) -> Record:
    org.now()
    try:
        return org.found(kind, name)
    except SalesforceError as error:
        raise Refused("There is no such record.", 404) from error


def _shown(org: OrgState, record: Record) -> dict[str, Any]:
    return {"id": record.id, "fields": {e.name: written(e, record) for e in org.schema.fields(record.kind)}}


def _about_records(routes: APIRouter, org: OrgState) -> None:
    @routes.get("")
    async def read() -> dict[str, Any]:
        org.now()
        deals = org.records.all(sf.OPPORTUNITY)
        return {
            "access_token": org.tokens.standing,
            "client_id": sf.CLIENT_ID,
            "client_secret": org.tokens.client_secret,
            "org": sf.ORG_ID,
            "currency": org.currency,
            "several_currencies": org.schema.multi_currency,
            "contacts": len(org.records.all(sf.CONTACT)),
            "leads": sum(not each.values.get("IsConverted") for each in org.records.all(sf.LEAD)),
            "deals": {stage: sum(d.values["StageName"] == stage for d in deals) for stage in sf.STAGES},
            "calls_per_day": org.limits.most,
        }

    @routes.get("/{kind}/{object_id}")
    async def show(kind: Kind, object_id: str) -> dict[str, Any]:
        return _shown(org, _found(org, kind, object_id))


def _about_merges(routes: APIRouter, org: OrgState) -> None:
    @routes.post("/merge")
    async def merge(wanted: Merge) -> dict[str, Any]:
        master = _found(org, wanted.kind, wanted.master_id)
        org.merge(_found(org, wanted.kind, wanted.merged_id), master)
        return _shown(org, master)


def _about_writing(routes: APIRouter, org: OrgState) -> None:
    @routes.post("/edit")
    async def edit(wanted: Edit) -> dict[str, Any]:
        record = _found(org, wanted.kind, wanted.object_id)
        try:
            if wanted.delete:
                org.delete(record)
            changed = org.set(record, org.schema.checked(wanted.kind, wanted.changes, new=False))
        except SalesforceError as error:
            raise Refused("Salesforce refuses this edit.", salesforce=error.message) from error
        return _shown(org, changed)

    @routes.post("/leads", status_code=201)
    async def new_lead(wanted: NewLead) -> dict[str, Any]:
        org.now()
        said = {"LastName": wanted.last_name, "Email": wanted.email}
        values = said | {"Company": "by hand", "City": "Springfield"}
        try:
            record = org.create(sf.LEAD, org.schema.checked(sf.LEAD, values, new=True))
        except SalesforceError as error:
            raise Refused("Salesforce refuses this lead.", salesforce=error.message) from error
        return _shown(org, record)

    @routes.post("/deals", status_code=201)
    async def new_deal(wanted: NewDeal) -> dict[str, Any]:
        contact = _found(org, sf.CONTACT, wanted.contact_id)
        values: dict[str, Any] = {
            "Name": "Written down by hand",
            "AccountId": contact.value("AccountId"),
            "StageName": wanted.stage,
            "Amount": wanted.amount,
            "CloseDate": wanted.close_date or org.today(),
        }
        if wanted.currency is not None:
            values["CurrencyIsoCode"] = wanted.currency
        try:
            record = org.create(sf.OPPORTUNITY, org.schema.checked(sf.OPPORTUNITY, values, new=True))
            role = {"OpportunityId": record.id, "ContactId": contact.id, "IsPrimary": True}
            org.create(sf.ROLE, role)
        except SalesforceError as error:
            raise Refused("Salesforce refuses this deal.", salesforce=error.message) from error
        return _shown(org, record)

    @routes.post("/archive")
    async def archive(wanted: ImportedContacts) -> dict[str, int]:
        """So many more contacts, all modified in one moment, as an import does it."""
        return {"archived": org.archive(wanted.contacts)}


def _about_calls(routes: APIRouter, org: OrgState) -> None:
    @routes.post("/tokens")
    async def change_token(wanted: TokenChange) -> dict[str, str]:
        """The standing token, unless another, or a refresh token, is named; `expire_all` ends every sign-in's."""
        tokens = org.tokens
        if wanted.action == "expire_all":
            tokens.expire_all()
            return {"action": wanted.action}
        act = {"revoke": tokens.end, "expire": tokens.expire, "restore": tokens.restore}[wanted.action]
        if not act(wanted.token or tokens.standing):
            raise Refused("There is no such token.", 404)
        return {"action": wanted.action}

    @routes.post("/quota")
    async def change_quota(wanted: Quota) -> dict[str, int]:
        org.limits.narrow(wanted.calls_per_day)
        return {"calls_per_day": org.limits.most}

    @routes.post("/permissions")
    async def change_permissions(wanted: Permissions) -> dict[str, list[str]]:
        """Whoever signs in does not see these types, nor these fields of a type; others they may not edit."""
        org.schema.hidden = frozenset(wanted.hidden)
        org.schema.hidden_fields = frozenset(wanted.hidden_fields)
        org.schema.locked_fields = frozenset(wanted.locked_fields)
        return {"hidden": sorted(org.schema.hidden)}

    @routes.post("/rules")
    async def change_rules(wanted: Rules) -> dict[str, Any]:
        org.schema.rules = [Rule(**each.model_dump()) for each in wanted.validations]
        org.assigns_leads_to = wanted.assigns_leads_to
        org.refuses_doubles = wanted.refuses_doubles
        return wanted.model_dump()

    @routes.get("/calls")
    async def calls() -> dict[str, int]:
        """By method and path, since this was asked last."""
        found = dict(org.calls)
        org.calls.clear()
        return found

    @routes.post("/currencies")
    async def change_currencies(wanted: Currencies) -> dict[str, bool]:
        """An org of one currency has no field that names one."""
        org.schema.multi_currency = wanted.several
        return {"several": wanted.several}
