"""Profiles: what is known of each person."""

from app.services.cdp.profiles.folding import Change, Member, ProfileFolding

__all__ = ["Change", "Member", "ProfileFolding"]
