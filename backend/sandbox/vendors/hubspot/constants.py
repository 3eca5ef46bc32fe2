"""Ids and names that are the same in every sandbox; only what the seed decides differs (tokens, the world)."""

PORTAL = 24_680_135
"""The account (HubSpot's word is hub, or portal)."""
USER_ID = 7_100_001
USER = "robin.vance@northwind.example"
APP_ID = 4_410_022
CLIENT_ID = "c1d7f6a2-0000-4000-8000-000000000001"
APP_NAME = "Stratum (sandbox)"
SCOPES = (
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.deals.read",
)
VERSION = "2026-03"
CONTACTS, DEALS = "contacts", "deals"
TYPES = {
    "contacts": CONTACTS,
    "contact": CONTACTS,
    "0-1": CONTACTS,
    "deals": DEALS,
    "deal": DEALS,
    "0-3": DEALS,
}
"""Each type by its names in a path: the plural, and the id of the type, which the official client uses for deals."""
MODIFIED = {CONTACTS: "lastmodifieddate", DEALS: "hs_lastmodifieddate"}
ASSOCIATION = {(DEALS, CONTACTS): 3, (CONTACTS, DEALS): 4}
PIPELINE = "default"
STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
)
WON, LOST = "closedwon", "closedlost"
OWNERS = (
    (9_001, "Dana", "Reyes", "dana.reyes@northwind.example"),
    (9_002, "Sam", "Okoye", "sam.okoye@northwind.example"),
)
FIRST_CONTACT, FIRST_ARCHIVED = 100_000_001, 150_000_001
FIRST_DEAL = 300_000_001
FIRST_NEW = {CONTACTS: 200_000_001, DEALS: 400_000_001}
