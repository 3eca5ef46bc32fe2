from collections.abc import Iterable

from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound


class DraftNotFound(NotFound):
    """There is no such draft here."""

    code = "campaigns.drafts.not_found"


class AccountNotFound(NotFound):
    """There is no such ad account here."""

    code = "campaigns.drafts.account_not_found"


class ImagesNotFound(NotFound):
    """The plan names images that are not in the library: leave them out, or upload them."""

    code = "campaigns.drafts.images_not_found"


class StaleVersion(Conflict):
    """Somebody has changed the draft meanwhile: read it again, then decide anew."""

    code = "campaigns.drafts.stale_version"

    def __init__(self, *, version: int) -> None:
        super().__init__(
            fields=[FieldError("body.version", f"The draft is at version {version}.", "stale_version")],
            version=version,
        )


class StepNotAllowed(Conflict):
    """The draft cannot do that from where it stands."""

    code = "campaigns.drafts.step_not_allowed"


class NotFit(Invalid):
    """The plan cannot be published as it is: mend the fields that are named."""

    code = "campaigns.drafts.not_fit"

    def __init__(self, faults: Iterable[FieldError]) -> None:
        super().__init__(fields=list(faults))


class PersonNeeded(Forbidden):
    """A person decides: a key's own yes would stand for nobody."""

    code = "campaigns.drafts.person_needed"


class FourEyes(Forbidden):
    """Who submitted the draft does not decide on it: ask somebody else who may."""

    code = "campaigns.drafts.four_eyes"


class TooManyDrafts(Conflict):
    """There are as many open drafts as a company may have: delete those that nobody needs."""

    code = "campaigns.drafts.too_many"
