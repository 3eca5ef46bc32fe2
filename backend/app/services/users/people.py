"""What the house knows of a person across tenants."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TenantOfPerson:
    id: int
    name: str
    role: str
