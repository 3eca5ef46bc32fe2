"""What a person is in a tenant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TenantOfPerson:
    id: int
    name: str
    role: str
