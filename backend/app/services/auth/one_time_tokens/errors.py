from app.core.errors import Invalid


class LinkInvalid(Invalid):
    """This link is no longer valid: ask for a new one."""

    code = "auth.link_invalid"
