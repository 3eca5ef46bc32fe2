"""The CRMs' accounts of the sandbox, connected to test with, and what the tests do in each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.security import seal
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount
from app.models.integrations.kinds import CrmProvider
from app.services.integrations.crms import WRITABLE, crm_of
from app.services.integrations.service import TOKEN_PURPOSE
from tests.sandbox_process import Sandbox


@dataclass(frozen=True)
class ConnectedCrm:
    connection_id: UUID
    account_id: UUID


@dataclass(frozen=True)
class CrmSubject:
    """One CRM under test: its words, where its own are told from another's, and what a person does in it."""

    provider: CrmProvider
    name: str
    account: str
    """The account's id there."""
    portal: str
    """The member of its control that tells it."""
    contact: str
    """Somebody who is there from the beginning; `another` is somebody else."""
    another: str
    email: str
    city: str
    unmapped: str
    own: str
    """Properties of a contact; `unmapped` is told of nobody, `own` somebody in the account made by hand."""
    text: str
    """One of a deal that says nothing of its worth."""
    contacts: str
    deals: str
    """The two kinds, as its control calls them."""
    stage: str
    won: str
    open: str
    """The property of a deal's stage, the one that wins, and one before."""
    amount: str
    unavailable: str
    refused: str
    limited: str
    """The codes of a fault, of a token that is taken back, of a limit that is reached."""
    narrow: Mapping[str, int]
    """The least of what may be asked there."""
    more: int
    """Contacts of one moment, more than its way of paging shows of one question."""
    mended: tuple[str, ...]
    """What of its control is put back to how it was."""

    def people(self, sandbox: Sandbox) -> int:
        told = sandbox.vendor(self.provider)
        return int(told["contacts"]) + int(told.get("leads", 0))

    def edit(self, sandbox: Sandbox, name: str, kind: str | None = None, **changes: Any) -> None:
        body = {"kind": kind or self.contacts, "object_id": name, "changes": changes}
        sandbox.control("POST", f"{self.provider}/edit", json=body)

    def deal(self, sandbox: Sandbox, amount: str, *, won: bool = False, **facts: Any) -> str:
        """A new one of `contact`."""
        body = {"contact_id": self.contact, "amount": amount} | facts | ({"stage": self.won} if won else {})
        return str(sandbox.control("POST", f"{self.provider}/deals", json=body)["id"])

    def remove(self, sandbox: Sandbox, name: str, kind: str | None = None) -> None:
        """Into the bin, as a person does it."""
        if self.provider is CrmProvider.HUBSPOT:
            body = {"kind": kind or self.contacts, "object_id": name}
            sandbox.control("POST", "hubspot/remove", json=body)
        else:
            there = {"kind": kind or self.contacts, "object_id": name, "delete": True}
            sandbox.control("POST", "salesforce/edit", json=there)

    def move(self, sandbox: Sandbox, deal: str, *, won: bool, **changes: Any) -> None:
        self.edit(sandbox, deal, self.deals, **{self.stage: self.won if won else self.open}, **changes)

    def email_of(self, sandbox: Sandbox) -> str:
        """Of `contact`."""
        told = sandbox.control("GET", f"{self.provider}/{self.contacts}/{self.contact}")
        return str((told.get("properties") or told.get("fields"))[self.email])

    def mend(self, sandbox: Sandbox) -> None:
        """Limits are wide again, the token is good, faults are over."""
        sandbox.control("POST", f"{self.provider}/quota", json={})
        sandbox.control("POST", f"{self.provider}/tokens", json={"action": "restore"})
        for place in self.mended:
            sandbox.control("POST", f"{self.provider}/{place}", json={})
        sandbox.repair()


HUBSPOT = CrmSubject(
    provider=CrmProvider.HUBSPOT,
    name="HubSpot",
    account="24680135",
    portal="portal",
    contact="100000001",
    another="100000002",
    email="email",
    city="city",
    unmapped="jobtitle",
    own="stratum_rfm",
    text="description",
    contacts="contacts",
    deals="deals",
    stage="dealstage",
    won="closedwon",
    open="contractsent",
    amount="amount",
    unavailable="hubspot.INTERNAL_ERROR",
    refused="hubspot.INVALID_AUTHENTICATION",
    limited="hubspot.RATE_LIMITS",
    narrow={"searches_per_second": 1},
    more=10_450,
    mended=("properties",),
)
SALESFORCE = CrmSubject(
    provider=CrmProvider.SALESFORCE,
    name="Salesforce",
    account="00DbS0000000001UAA",
    portal="org",
    contact="003bS0000004C93QAE",
    another="003bS0000004C94QAE",
    email="Email",
    city="MailingCity",
    unmapped="Title",
    own="Stratum_Lifecycle__c",
    text="Description",
    contacts="Contact",
    deals="Opportunity",
    stage="StageName",
    won="Closed Won",
    open="Negotiation/Review",
    amount="Amount",
    unavailable="salesforce.UNKNOWN_EXCEPTION",
    refused="salesforce.INVALID_SESSION_ID",
    limited="salesforce.REQUEST_LIMIT_EXCEEDED",
    narrow={"calls_per_day": 1},
    more=2_450,
    mended=("permissions", "rules"),
)
SUBJECTS = {each.provider: each for each in (HUBSPOT, SALESFORCE)}


async def connect_crm(
    scopes: Scopes,
    sandbox: Sandbox | None,
    subject: CrmSubject = HUBSPOT,
    *,
    writes: bool = False,
    **facts: Any,
) -> ConnectedCrm:
    """With the sandbox's standing token; without a sandbox, one that needs a new sign-in."""
    made, provider = ConnectedCrm(uuid7(), uuid7()), subject.provider
    told = sandbox.vendor(provider) if sandbox else {"access_token": "none", subject.portal: made.account_id}
    async with scopes() as scope:
        scope.session.add(
            Connection(
                id=made.connection_id,
                platform=provider,
                status="active" if sandbox else "needs_sign_in",
                external_user_id=str(told[subject.portal]),
                host=f"{sandbox.url}/{provider}" if sandbox else None,
                scopes=[
                    "crm.objects.contacts.read",
                    *(WRITABLE[provider].writing_scopes.values() if writes else []),
                ],
                read_only=not writes,
                token_sealed=seal(
                    str(told["access_token"]), purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id
                ),
            )
        )
        await scope.session.flush()
        mapping = [
            {"property": name, "to": to, "name": trait}
            for name, to, trait in crm_of(provider).standard_mapping
        ]
        settings = {
            "external_id": str(told[subject.portal]),
            "name": subject.name,
            "mapping": mapping,
            "won_event": "Order Completed",
            "currency": "USD",
        }
        scope.session.add(
            CrmAccount(
                id=made.account_id,
                connection_id=made.connection_id,
                provider=provider,
                **(settings | facts),
            )
        )
    return made
