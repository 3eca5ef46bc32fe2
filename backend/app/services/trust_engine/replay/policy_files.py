"""A policy as an operator writes it: YAML, with the fields that are to change."""

from collections.abc import Mapping
from typing import Any

import yaml

from app.services.trust_engine.replay.errors import PolicyUnreadable


def read_changes(raw: bytes) -> Mapping[str, Any]:
    """Fields by their names; what they hold is looked at where they meet the policy in force."""
    try:
        found = yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyUnreadable(f"The file is no YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise PolicyUnreadable
    return found
