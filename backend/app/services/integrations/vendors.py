"""The table of platforms. A vendor is added here, and nowhere else is one told from another."""

from app.models.integrations.kinds import Platform
from app.services.integrations.google.vendor import GoogleVendor
from app.services.integrations.meta.vendor import MetaVendor
from app.services.integrations.snapchat.vendor import SnapchatVendor
from app.services.integrations.tiktok.vendor import TikTokVendor
from app.services.integrations.vendor import Vendor

VENDORS: dict[Platform, Vendor] = {
    each.platform: each for each in (MetaVendor(), GoogleVendor(), TikTokVendor(), SnapchatVendor())
}


def vendor_of(platform: str) -> Vendor:
    return VENDORS[Platform(platform)]
