from app.core.errors import Conflict, Invalid, NotFound, TooLarge, TooManyRequests


class AssetNotFound(NotFound):
    """There is no such image here."""

    code = "campaigns.assets.not_found"


class AssetTooLarge(TooLarge):
    """The file is larger than an image may be: make it smaller, or save it as JPEG."""

    code = "campaigns.assets.too_large"


class AssetRefused(Invalid):
    """The file is not taken as an image."""

    code = "campaigns.assets.refused"


class AssetInUse(Conflict):
    """A draft uses the image: take it out of the draft first."""

    code = "campaigns.assets.in_use"


class LibraryFull(Conflict):
    """The library holds as much as it may: delete images that nobody needs."""

    code = "campaigns.assets.library_full"


class Busy(TooManyRequests):
    """Many images are being read at this moment: try again shortly."""

    code = "campaigns.assets.busy"
