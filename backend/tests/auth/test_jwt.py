"""An access token is believed for exactly what we signed, as long as we said."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
import time_machine
from pydantic import SecretStr

from app.auth.jwt import (
    ACCESS,
    MFA,
    InvalidToken,
    create_access_token,
    decode,
    encode,
    key_id,
    read_access_token,
)
from app.core.clock import real_now
from app.core.config import Settings

PERSON, SESSION = uuid4(), uuid4()


def claims(**changes: Any) -> dict[str, Any]:
    """What a good access token says, with these changed; None leaves one out."""
    now = real_now()
    good = {
        "iss": "stratum", "typ": ACCESS, "iat": now, "exp": now + timedelta(minutes=5), "jti": "j",
        "sub": str(PERSON), "tid": 7, "sid": str(SESSION),
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(settings: Settings, body: dict[str, Any], *, algorithm: str = "HS256", **header: str) -> str:
    secret = settings.jwt_secret_key.get_secret_value()
    return jwt.encode(body, secret, algorithm=algorithm, headers={"kid": key_id(secret), **header})


def test_what_we_signed_is_read_back(settings: Settings) -> None:
    read = read_access_token(create_access_token(PERSON, 7, SESSION))
    assert (read.user_id, read.tenant_id, read.session_id) == (PERSON, 7, SESSION)
    lifetime = timedelta(minutes=settings.access_token_minutes)
    assert lifetime - timedelta(seconds=5) < read.expires_at - real_now() <= lifetime
    assert read_access_token(signed(settings, claims())).session_id == SESSION


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": MFA},
        {"iss": "somebody-else"},
        {"exp": real_now() - timedelta(seconds=10)},
        *({name: None} for name in ("exp", "iat", "iss", "jti", "typ", "sub", "tid", "sid")),
        {"sub": "nobody"},
        {"tid": "all"},
        {"tid": [7]},
    ],
)
def test_what_says_something_else_is_refused(settings: Settings, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        read_access_token(signed(settings, claims(**changes)))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_though_the_key_is_ours(settings: Settings, algorithm: str) -> None:
    with pytest.raises(InvalidToken):
        read_access_token(signed(settings, claims(), algorithm=algorithm))


def test_an_unsigned_token_is_refused(settings: Settings) -> None:
    good = signed(settings, claims())
    header = json.dumps({"alg": "none", "kid": jwt.get_unverified_header(good)["kid"]}).encode()
    bare = base64.urlsafe_b64encode(header).decode().rstrip("=")
    for token in (f"{bare}.{good.split('.')[1]}.", good[:-4] + "AAAA", good.rpartition(".")[0], "", "a.b.c"):
        with pytest.raises(InvalidToken):
            read_access_token(token)


def test_a_key_that_is_not_ours_is_refused_whatever_it_calls_itself(settings: Settings) -> None:
    theirs = settings.model_copy(
        update={"jwt_secret_key": SecretStr("another secret, quite as long as ours")}
    )
    forged = jwt.encode(
        claims(),
        theirs.jwt_secret_key.get_secret_value(),
        headers={"kid": key_id(settings.jwt_secret_key.get_secret_value())},
    )
    for token in (
        signed(theirs, claims()),
        forged,
        jwt.encode(claims(), settings.jwt_secret_key.get_secret_value()),
    ):
        with pytest.raises(InvalidToken):
            read_access_token(token)


def test_a_rotated_key_opens_what_it_signed_and_signs_no_more(settings: Settings) -> None:
    old = create_access_token(PERSON, 7, SESSION)
    rotated = settings.model_copy(
        update={
            "jwt_secret_key": SecretStr("the key of tomorrow, as long as it must be"),
            "previous_jwt_secret_keys": (settings.jwt_secret_key.get_secret_value(),),
        }
    )
    new = create_access_token(PERSON, 7, SESSION, rotated)
    assert read_access_token(old, rotated) == read_access_token(old)
    assert read_access_token(new, rotated).session_id == SESSION
    with pytest.raises(InvalidToken):
        read_access_token(new)


def test_a_token_ends_within_seconds_of_its_hour() -> None:
    token = encode({"sub": "x"}, kind=MFA, lifetime=timedelta(minutes=5))
    for after, is_good in ((295, True), (320, False)):
        with time_machine.travel(real_now() + timedelta(seconds=after)):
            if is_good:
                assert decode(token, kind=MFA)["sub"] == "x"
            else:
                with pytest.raises(InvalidToken):
                    decode(token, kind=MFA)
