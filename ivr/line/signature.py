"""Is it really Twilio?

Twilio signs every request with the account's auth token: base64 of HMAC-SHA1 over the full URL followed, for
a form, by each parameter's name and value in order of name; a name that repeats counts once per distinct
value. A body that is no form is named by its SHA-256 in the query instead (`bodySHA256`).

Our own check comes first, since nearly every request passes it and it costs a few microseconds. What fails
it is put before the library's validator, which also knows with and without a port. Fails closed: whatever
cannot be read is not Twilio's.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # publishes no types

_LENGTH = 28  # base64 of the 20 bytes of a SHA-1
_FORM = "application/x-www-form-urlencoded"

Params = Sequence[tuple[str, str]]


def message(params: Iterable[tuple[str, str]]) -> str:
    """What Twilio appends to the URL: names and values in order, the same pair only once."""
    return "".join([name + value for name, value in sorted(set(params))])


def sign(token: str, url: str, params: Params) -> str:
    """The signature Twilio would send. `url` as Twilio was told it, without the fragment."""
    return _digest(token.encode(), (url + message(params)).encode())


def _digest(key: bytes, text: bytes) -> str:
    return b64encode(hmac.digest(key, text, "sha1")).decode("ascii")


class Signature:
    """Checks requests against one auth token, or against two while the account changes its token."""

    def __init__(self, tokens: Sequence[str], public_url: str):
        """`public_url` is the base Twilio calls us under: scheme, host, perhaps a port and a path."""
        keys = [token for token in tokens if token]
        if not keys:
            raise ValueError("a signature needs an auth token to be checked against")
        self._keys = [key.encode() for key in keys]
        self._validators = [RequestValidator(key) for key in keys]
        self._bases = _bases(public_url)
        self._own = self._bases[0].encode()

    def ok(
        self,
        method: str,
        raw_path: bytes,
        query: bytes,
        params: Params | None,
        body: bytes,
        content_type: str,
        header: str | None,
    ) -> bool:
        """Whether Twilio signed this request.

        `raw_path` and `query` are the bytes on the wire, never decoded and written again; `params` are the
        body's decoded fields, repeats and all, or None where it is no form; `header` is X-Twilio-Signature.
        Never raises.
        """
        if header is None or len(header) != _LENGTH or not header.isascii():
            return False
        try:
            signed = _signed(method, query, params, body, content_type)
            if signed is None:
                return False
            place = raw_path + b"?" + query if query else raw_path
            given = header.encode()
            text = self._own + place + message(signed).encode()
            for key in self._keys:
                if hmac.compare_digest(b64encode(hmac.digest(key, text, "sha1")), given):
                    return True
            return self._authority(place, signed, body, header)
        except Exception:  # an unreadable request is an unsigned one, whatever it broke
            return False

    def _authority(self, place: bytes, signed: Params, body: bytes, header: str) -> bool:
        """The library's verdict, for the spellings of one address that Twilio may have signed."""
        fields = _Fields(signed)
        url = place.decode("utf-8")
        for base in self._bases:
            if any(validator.validate(base + url, fields, header) for validator in self._validators):
                return True
        return self._as_bytes(place, signed, body, header)

    def _as_bytes(self, place: bytes, signed: Params, body: bytes, header: str) -> bool:
        """A form with bytes that are not UTF-8 may have been signed over those bytes as they were."""
        if not any("\ufffd" in name + value for name, value in signed):
            return False
        exact = parse_qsl(
            body.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape"
        )
        text = self._own + place + message(exact).encode("utf-8", "surrogateescape")
        return any(hmac.compare_digest(_digest(key, text), header) for key in self._keys)


class _Fields(dict[str, list[str]]):
    """Fields in the shape the library asks for: names, each with all its values."""

    def __init__(self, params: Params):
        super().__init__()
        for name, value in params:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _signed(
    method: str, query: bytes, params: Params | None, body: bytes, content_type: str
) -> Params | None:
    """The fields that are part of the signature; None where the request cannot be Twilio's."""
    if method in ("GET", "HEAD"):
        return ()  # their fields are in the query, which is signed as part of the URL
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM or (not kind and params is not None):
        return None if params is None or (body and not params) else params
    return () if _hash_agrees(query, body) else None


def _hash_agrees(query: bytes, body: bytes) -> bool:
    """Whether the query names the SHA-256 of this body. Without one, a signature says nothing of the body."""
    named = [value for name, value in parse_qsl(query.decode("ascii")) if name == "bodySHA256"]
    return len(named) == 1 and hmac.compare_digest(sha256(body).hexdigest().encode(), named[0].encode())


def _bases(public_url: str) -> list[str]:
    """The spellings of our base that may have been signed, the likeliest first.

    Twilio drops a user and password before it signs, and on https the port too.
    """
    parts = urlsplit(public_url.rstrip("/"))
    host = parts.netloc.rpartition("@")[2]
    bare = host
    if parts.scheme == "https" and not host.endswith("]"):  # an IPv6 literal ends so when it has no port
        bare = host.rpartition(":")[0] or host
    hosts = dict.fromkeys((bare, host, parts.netloc))
    return [urlunsplit((parts.scheme, netloc, parts.path, "", "")) for netloc in hosts]
