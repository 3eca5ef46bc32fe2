"""HubSpot: one account's contacts and deals, its sign-in, its limits."""
