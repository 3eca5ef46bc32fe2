"""Kinds of text that people type, bounded and free of control characters (PostgreSQL stores no NUL)."""

from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, StringConstraints

NO_NUL = r"^[^\x00]*$"
_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_CONTROL)
]
Word = Annotated[str, Field(max_length=200, pattern=_NO_CONTROL)]
"""What a list is searched for."""
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
Password = Annotated[str, Field(min_length=1, max_length=256, json_schema_extra={"format": "password"})]
"""One that is offered as proof: whatever it is, it is compared."""
NewPassword = Annotated[str, Field(min_length=12, max_length=256, json_schema_extra={"format": "password"})]
"""NIST SP 800-63B: length counts, composition rules do not."""
Token = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[\x21-\x7e]*$")]
Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=6, max_length=40, pattern=r"^[A-Za-z0-9 -]*$")
]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=_NO_CONTROL)
]
"""Why somebody does it, for those who read it later."""
