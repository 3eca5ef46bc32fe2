from app.core.errors import Conflict, Invalid, NotFound


class CrmAccountNotFound(NotFound):
    """There is no such CRM account here."""

    code = "integrations.crm.not_found"


class MappingInvalid(Invalid):
    """Contacts cannot be read that way."""

    code = "integrations.crm.mapping_invalid"


class CreationInvalid(Invalid):
    """Contacts cannot be created that way."""

    code = "integrations.crm.creation_invalid"


class NoSegmentChosen(Conflict):
    """No segment is chosen whose people are created there: name one."""

    code = "integrations.crm.no_segment"


class CrmNotConnected(Conflict):
    """The CRM is not connected: sign in there again."""

    code = "integrations.crm.not_connected"


class CrmNotWritable(Invalid):
    """The contacts of this CRM cannot be written from here."""

    code = "integrations.crm.not_writable"
