"""Identity: who is who, why, and how it is changed."""

from app.services.cdp.identity.changing import Changed, GraphChanges
from app.services.cdp.identity.erasing import GraphErasure
from app.services.cdp.identity.match_rules import MatchPart
from app.services.cdp.identity.quarantine import Quarantine
from app.services.cdp.identity.refusals import Refusals
from app.services.cdp.identity.resolver import Resolver, resolve_stragglers
from app.services.cdp.identity.rules import Reason, Rules, rules_of
from app.services.cdp.identity.ruling import Difference, Ruling
from app.services.cdp.identity.settings import Current

__all__ = [
    "Changed",
    "Current",
    "Difference",
    "GraphChanges",
    "GraphErasure",
    "MatchPart",
    "Quarantine",
    "Reason",
    "Refusals",
    "Resolver",
    "Rules",
    "Ruling",
    "resolve_stragglers",
    "rules_of",
]
