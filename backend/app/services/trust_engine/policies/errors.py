from app.core.errors import Invalid


class PolicyUnsound(Invalid):
    """The policy would let a mean lie."""

    code = "trust_engine.policies.unsound"
