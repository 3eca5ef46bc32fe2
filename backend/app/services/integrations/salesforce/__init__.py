"""Salesforce: a CRM, read by its queries. How, and why so, is in ADR 40."""
