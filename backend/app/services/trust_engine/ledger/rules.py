"""How entries are chained, how a head is signed, and how tampering shows.

hash(n) = SHA-256(domain, hash(n-1), header(n), body(n)), over the stored bytes. A head is (tenant, seq, hash)
signed with Ed25519; kept elsewhere, it shows a cut-off or rewritten tail that the database alone could not.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

GENESIS = bytes(32)
_ENTRY_DOMAIN = b"stratum.ledger.entry.1\x00"
_HEAD_DOMAIN = b"stratum.ledger.head.1\x00"

Body = Mapping[str, Any]
Decider = Callable[[Body], Body]
"""Decides again from an entry's `inputs`; must answer its `result`, for ever."""


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: the bytes that are stored and hashed."""
    return msgspec.json.encode(value, order="sorted")


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as the chain sees it."""

    tenant_id: int
    id: UUID
    seq: int
    at: datetime
    kind: str
    decider: str
    verdict: str | None
    ad_account_id: UUID | None
    action_id: UUID | None
    body: bytes
    prev_hash: bytes
    hash: bytes

    def computed_hash(self) -> bytes:
        header = canonical(
            [
                self.tenant_id,
                self.seq,
                str(self.id),
                self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                self.kind,
                self.decider,
                self.verdict,
                None if self.ad_account_id is None else str(self.ad_account_id),
                None if self.action_id is None else str(self.action_id),
            ]
        )
        parts = (_ENTRY_DOMAIN, self.prev_hash, len(header).to_bytes(8, "big"), header, self.body)
        return hashlib.sha256(b"".join(parts)).digest()


class SignedHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chain's end, as it may be kept outside the database. Hashes, key and signature are hex."""

    tenant_id: int
    seq: int
    hash: str
    exported_at: datetime
    public_key: str
    signature: str

    def signed_bytes(self) -> bytes:
        at = self.exported_at.astimezone(UTC).isoformat(timespec="microseconds")
        return _HEAD_DOMAIN + canonical([self.tenant_id, self.seq, self.hash, at])


def sign_head(seed: bytes, *, tenant_id: int, seq: int, hash: bytes, at: datetime) -> SignedHead:  # noqa: A002  (the head's own word)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    unsigned = SignedHead(
        tenant_id=tenant_id,
        seq=seq,
        hash=hash.hex(),
        exported_at=at,
        public_key=public_key(seed),
        signature="",
    )
    return msgspec.structs.replace(unsigned, signature=key.sign(unsigned.signed_bytes()).hex())


def public_key(seed: bytes) -> str:
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return raw.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def is_genuine(head: SignedHead, trusted_key: str) -> bool:
    """Whether the head was signed with the key that we trust, whatever key it names itself."""
    if head.public_key != trusted_key:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(trusted_key)).verify(
            bytes.fromhex(head.signature), head.signed_bytes()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


class FaultKind(StrEnum):
    ALTERED = "altered"
    BROKEN_LINK = "broken_link"
    MISSING = "missing"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"
    REWRITTEN = "rewritten"
    FORGED_HEAD = "forged_head"
    REDECIDED_DIFFERENTLY = "redecided_differently"
    UNKNOWN_DECIDER = "unknown_decider"


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    seq: int
    sentence: str


class Chain:
    """Follows entries in the order of `seq`, remembering only the last."""

    def __init__(self) -> None:
        self._seq = 0
        self._hash = GENESIS

    def follow(self, link: Link) -> list[Fault]:
        """What is wrong with the next entry and its place."""
        faults = []
        if link.seq > self._seq + 1:
            gone = f"{self._seq + 1} to {link.seq - 1}"
            faults.append(Fault(FaultKind.MISSING, link.seq, f"Entries {gone} are gone."))
        elif link.seq <= self._seq:
            faults.append(Fault(FaultKind.INSERTED, link.seq, f"Entry {link.seq} stands there twice."))
        elif link.prev_hash != self._hash:
            faults.append(
                Fault(FaultKind.BROKEN_LINK, link.seq, f"Entry {link.seq} does not follow the one before it.")
            )
        if link.computed_hash() != link.hash:
            faults.append(
                Fault(FaultKind.ALTERED, link.seq, f"Entry {link.seq} was altered after it was written.")
            )
        self._seq, self._hash = link.seq, link.hash
        return faults


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain ends, by whoever says so: the last entry, or the stored head."""

    seq: int
    hash: bytes


def check_end(last: End, stored: End, exported: SignedHead | None, seen_hash: bytes | None) -> list[Fault]:
    """Whether the chain ends where the stored head says, and holds what an exported head saw.

    `seen_hash` is the hash of the entry at the exported head's `seq`, None if there is no such entry.
    """
    faults = []
    if last != stored:
        said = f"The head says {stored.seq} entries, the chain ends at {last.seq}."
        faults.append(Fault(FaultKind.CUT_OFF, stored.seq, said))
    if exported is None or exported.seq == 0:
        return faults
    if seen_hash is None:
        said = f"The exported head saw {exported.seq} entries, the chain ends at {last.seq}."
        faults.append(Fault(FaultKind.CUT_OFF, exported.seq, said))
    elif seen_hash.hex() != exported.hash:
        said = f"Entry {exported.seq} is not the one that the exported head saw."
        faults.append(Fault(FaultKind.REWRITTEN, exported.seq, said))
    return faults


def redecide(link: Link, deciders: Mapping[str, Decider]) -> Fault | None:
    """Decide the entry again from its own inputs; a difference is a fault."""
    decider = deciders.get(link.decider)
    if decider is None:
        return Fault(
            FaultKind.UNKNOWN_DECIDER, link.seq, f"Entry {link.seq}: no decider {link.decider} is known."
        )
    try:
        body = msgspec.json.decode(link.body)
        same = canonical(decider(body["inputs"])) == canonical(body["result"])
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        said = f"Entry {link.seq} cannot be decided again: {type(error).__name__}."
        return Fault(FaultKind.REDECIDED_DIFFERENTLY, link.seq, said)
    if not same:
        return Fault(
            FaultKind.REDECIDED_DIFFERENTLY,
            link.seq,
            f"Entry {link.seq}: {link.decider} now decides otherwise from the same inputs.",
        )
    return None
