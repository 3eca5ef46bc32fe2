"""The table of CRMs. A vendor is added here, and nowhere else is one told from another."""

from app.models.integrations.kinds import CrmProvider
from app.services.integrations.crm.ports import CrmVendor, CrmWritingVendor
from app.services.integrations.hubspot.vendor import HubSpotVendor
from app.services.integrations.salesforce.vendor import SalesforceVendor

CRMS: dict[CrmProvider, CrmVendor] = {each.provider: each for each in (HubSpotVendor(), SalesforceVendor())}
WRITABLE: dict[CrmProvider, CrmWritingVendor] = {
    each.provider: each for each in (HubSpotVendor(), SalesforceVendor())
}
"""Those whose contacts and deals can be written."""


def crm_of(provider: str) -> CrmVendor:
    return CRMS[CrmProvider(provider)]


def writable(provider: str) -> CrmWritingVendor | None:
    return WRITABLE.get(CrmProvider(provider))
