from app.core.errors import Conflict, Invalid, NotFound


class TraitNotFound(NotFound):
    """There is no such computed trait here."""

    code = "cdp.traits.not_found"


class ProfileNotFound(NotFound):
    """There is no such profile here."""

    code = "cdp.traits.profile_not_found"


class NameTaken(Conflict):
    """Another computed trait has this name, or one that is just being removed."""

    code = "cdp.traits.name_taken"


class TooManyTraits(Conflict):
    """There are as many computed traits as there may be: delete one first."""

    code = "cdp.traits.too_many"


class TraitInUse(Conflict):
    """Segments ask for this computed trait: change or archive them first."""

    code = "cdp.traits.in_use"


class TraitInvalid(Invalid):
    """This cannot be computed."""

    code = "cdp.traits.invalid"
