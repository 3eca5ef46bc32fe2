from app.core.errors import Invalid


class FutureReceipt(Invalid):
    """A consent cannot have been given in the future."""

    code = "cdp.consents.future_receipt"
