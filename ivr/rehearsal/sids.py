"""Identifiers as Twilio's look."""

import hashlib


def sid(prefix: str, *parts: object) -> str:
    """An identifier as Twilio's look: two letters and 32 hexadecimal digits, the same for the same parts."""
    return prefix + hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:32]
