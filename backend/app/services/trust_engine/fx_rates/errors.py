from app.core.errors import Invalid


class RateUnsound(Invalid):
    """The rate cannot be used."""

    code = "trust_engine.fx_rates.unsound"
