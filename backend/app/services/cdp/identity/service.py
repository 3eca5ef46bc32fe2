"""Identity: who is who, why, and how it is changed."""

from app.services.cdp.identity.resolver import Resolver, resolve_stragglers

__all__ = ["Resolver", "resolve_stragglers"]
