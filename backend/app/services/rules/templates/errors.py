from app.core.errors import Invalid, NotFound


class TemplateNotFound(NotFound):
    """There is no template of that name."""

    code = "rules.templates.not_found"


class TemplateInvalid(Invalid):
    """Some of the template's numbers cannot be used."""

    code = "rules.templates.invalid"
