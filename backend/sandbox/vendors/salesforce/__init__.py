"""Salesforce: one org's accounts, contacts, leads and opportunities, its queries, its sign-in, its limits."""
