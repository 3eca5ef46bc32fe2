from app.core.errors import Unauthorized, Unavailable


class TicketInvalid(Unauthorized):
    """The ticket is unknown, used or expired: ask for another."""

    code = "events.ticket_invalid"


class TicketsUnavailable(Unavailable):
    """Tickets cannot be given or taken at the moment: try again shortly."""

    code = "events.tickets_unavailable"
