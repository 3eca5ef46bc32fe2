"""Profiles: what is known of each person."""

from app.services.cdp.profiles.folding import Change, ProfileFolding

__all__ = ["Change", "ProfileFolding"]
