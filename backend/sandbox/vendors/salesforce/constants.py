"""Ids and names that are the same in every sandbox; only what the seed decides differs (tokens, the world)."""

from sandbox.vendors.salesforce.ids import make

ACCOUNT, CONTACT, LEAD = "Account", "Contact", "Lead"
OPPORTUNITY, ROLE = "Opportunity", "OpportunityContactRole"
ORGANIZATION, USER, CURRENCY = "Organization", "User", "CurrencyType"
PREFIXES = {
    ACCOUNT: "001",
    CONTACT: "003",
    OPPORTUNITY: "006",
    ROLE: "00K",
    LEAD: "00Q",
    USER: "005",
    ORGANIZATION: "00D",
    CURRENCY: "01L",
}
WRITABLE = (ACCOUNT, CONTACT, LEAD, OPPORTUNITY, ROLE)
ORG_ID = make(PREFIXES[ORGANIZATION], 1)
ORG_NAME = "Northwind"
USER_ID = make(PREFIXES[USER], 1)
USERNAME = "robin.vance@northwind.example"
PEOPLE = (
    (1, "Robin", "Vance", USERNAME),
    (2, "Dana", "Reyes", "dana.reyes@northwind.example"),
    (3, "Sam", "Okoye", "sam.okoye@northwind.example"),
)
CLIENT_ID = "3MVG9sandbox000000000000000000000000000001"
APP_NAME = "Stratum (sandbox)"
SCOPES = ("api", "refresh_token", "offline_access", "id", "openid", "profile", "email", "web", "full")
VERSIONS = {
    "63.0": "Spring '25",
    "64.0": "Summer '25",
    "65.0": "Winter '26",
    "66.0": "Spring '26",
    "67.0": "Summer '26",
}
LATEST = "67.0"
WON, LOST = "Closed Won", "Closed Lost"
STAGES = {
    "Prospecting": 10,
    "Qualification": 10,
    "Needs Analysis": 20,
    "Value Proposition": 50,
    "Proposal/Price Quote": 75,
    "Negotiation/Review": 90,
    WON: 100,
    LOST: 0,
}
"""Each with the probability that it sets, in percent."""
FIRST_CONTACT, FIRST_ARCHIVED, FIRST_LEAD = 1_000_001, 1_500_001, 1_000_001
FIRST_DEAL = 3_000_001
FIRST_NEW = 9_000_001
