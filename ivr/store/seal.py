"""Sealing what is personal, and recognising a caller without keeping the number.

From each secret two keys are derived (HKDF-SHA256, RFC 5869, with labels of their own): one seals with
AES-256-GCM (NIST SP 800-38D), one hashes with HMAC-SHA256 (RFC 2104). While secrets are being rotated, the
newest seals and all of them open.
"""

import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = b"\x01"
_ID = 4  # bytes that tell which secret sealed
_NONCE = 12  # bytes, random: good for some four thousand million seals under one secret


class SealError(Exception):
    """Sealed bytes that no secret we have opens. The message names the remedy, never the content."""


class Seal:
    """Seals, opens and hashes with a list of secrets, the newest first. Safe to share between threads."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises ValueError when there is no secret, or an empty one among them."""
        if not secrets or not all(secret.strip() for secret in secrets):
            raise ValueError("a seal needs at least one secret, and none of them empty")
        keys = [_derive(secret, b"ivr: sealing") for secret in secrets]
        self._sealing = {_fingerprint(key): AESGCM(key) for key in keys}
        self._newest = _fingerprint(keys[0])
        self._hashing = tuple(_derive(secret, b"ivr: hashing") for secret in secrets)

    def seal(self, plain: bytes, about: bytes = b"") -> bytes:
        """`plain` encrypted; `about` says where it belongs, and the same must be given to open it."""
        nonce = os.urandom(_NONCE)
        head = _FORMAT + self._newest + nonce
        return head + self._sealing[self._newest].encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """What `seal` was given. Raises SealError where it cannot be had."""
        key = self._sealing.get(sealed[1 : 1 + _ID])
        if sealed[:1] != _FORMAT or key is None:
            raise SealError("sealed with a secret that is no longer in IVR_SECRET; add it behind the newest")
        body = 1 + _ID + _NONCE
        try:
            return key.decrypt(sealed[1 + _ID : body], sealed[body:], about)
        except (InvalidTag, ValueError):
            raise SealError("the sealed bytes were changed, or moved from another row") from None

    def caller_keys(self, address: str) -> tuple[str, ...]:
        """Keyed hashes of an address, 32 hex digits each: the newest secret's first.

        New rows carry the first; old rows are found by any.
        """
        return self.keys("caller", address)

    def keys(self, purpose: str, word: str) -> tuple[str, ...]:
        """Keyed hashes of a word, newest secret's first. Hashes for different purposes never meet."""
        message = f"{purpose}\0{word}".encode("utf-8", "surrogatepass")
        return tuple(hmac.digest(key, message, "sha256").hex()[:32] for key in self._hashing)


def _derive(secret: str, label: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret.encode())


def _fingerprint(key: bytes) -> bytes:
    return _derive(key.hex(), b"ivr: which secret")[:_ID]
