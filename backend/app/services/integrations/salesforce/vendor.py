from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.core.config import Settings
from app.models.integrations.kinds import CreatedAs, CrmProvider
from app.services.integrations.crm.ports import Crm, CrmSignIn, CrmWriter, Kind
from app.services.integrations.salesforce.client import SalesforceCrm
from app.services.integrations.salesforce.hosts import instance_of
from app.services.integrations.salesforce.sign_in import SalesforceSignIn
from app.services.integrations.salesforce.transport import SalesforceTransport
from app.services.integrations.salesforce.writing import SalesforceWriter
from app.services.integrations.wire import Line


class SalesforceVendor:
    provider = CrmProvider.SALESFORCE
    name = "Salesforce"
    refresh_ahead = timedelta(minutes=5)
    creates_as: Sequence[CreatedAs] = ("contact", "lead")
    writing_scopes: Mapping[Kind, str] = {"contacts": "api", "deals": "api"}
    """Salesforce knows no other: what may be done is what the person who signed in may do."""
    standard_mapping: Sequence[tuple[str, str, str | None]] = (
        ("Email", "email", None),
        ("Phone", "phone", None),
        ("FirstName", "trait", "first_name"),
        ("LastName", "trait", "last_name"),
        ("MailingCity", "trait", "city"),
        ("MailingState", "trait", "state"),
        ("MailingPostalCode", "trait", "postal_code"),
        ("MailingCountry", "trait", "country"),
        ("LeadSource", "trait", "crm_lead_source"),
    )

    def has_app(self, settings: Settings) -> bool:
        return settings.salesforce_client_id is not None and settings.salesforce_client_secret is not None

    def sign_in(self, settings: Settings, line: Line) -> CrmSignIn:
        return SalesforceSignIn(SalesforceTransport(line, settings.salesforce_login_url), settings)

    def crm(self, settings: Settings, line: Line, token: str, host: str | None = None) -> Crm:
        """Of a host that was checked when it came, once more: nothing is sent to any other."""
        return SalesforceCrm(SalesforceTransport(line, instance_of(host, settings), token))

    def writing_sign_in(self, settings: Settings, line: Line, kinds: Sequence[Kind]) -> CrmSignIn:
        del kinds
        return self.sign_in(settings, line)

    def writer(self, settings: Settings, line: Line, token: str, host: str | None = None) -> CrmWriter:
        return SalesforceWriter(SalesforceTransport(line, instance_of(host, settings), token))
