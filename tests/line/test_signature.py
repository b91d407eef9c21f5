"""Only Twilio gets in: every vector, every way of being wrong, and no garbage that raises."""

import hmac
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ivr.line.signature import Signature, sign
from ivr.line.translate import parse_form
from tests.line.signature_vectors import COLLAPSED, FORM, QUERY, TOKEN, VECTORS, Vector

URLENCODED = "application/x-www-form-urlencoded; charset=UTF-8"
BASE = "https://mycompany.com"
GOOD = VECTORS[0].signature


def asked(signature: Signature, vector: Vector, **changed: Any) -> bool:
    """Put a vector to the check as the web would deliver it, with some of it changed."""
    form = vector.form
    body = vector.json if vector.json is not None else urlencode(form or ()).encode()
    request: dict[str, Any] = {
        "method": vector.method,
        "raw_path": vector.path.encode(),
        "query": vector.query.encode(),
        "params": parse_form(body) if form is not None else None,
        "body": body,
        "content_type": URLENCODED if form is not None else "application/json" if vector.json else "",
        "header": vector.signature,
    }
    return signature.ok(**{**request, **changed})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.case)
def test_every_vector_is_twilios(vector: Vector) -> None:
    assert asked(Signature([TOKEN], vector.base), vector)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.case)
def test_the_pure_function_gives_the_vectors_own_signature(vector: Vector) -> None:
    assert sign(TOKEN, vector.url, vector.form or ()) == vector.signature


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.case)
def test_no_vector_passes_with_another_token(vector: Vector) -> None:
    assert not asked(Signature(["54321"], vector.base), vector)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        GOOD[:-1],
        GOOD + "=",
        GOOD.lower(),
        "A" * 27 + "=",
        "é" * 28,
        "\x00" * 28,
        "A" * 1_000_000,
    ],
)
def test_a_signature_that_is_missing_or_wrong_is_refused(header: str | None) -> None:
    assert not asked(Signature([TOKEN], BASE), VECTORS[0], header=header)


def test_a_changed_field_path_or_query_is_refused() -> None:
    signature = Signature([TOKEN], BASE)
    assert not asked(signature, VECTORS[0], params=[*FORM[:-1], ("To", "+18005551213")])
    assert not asked(signature, VECTORS[0], params=FORM[:-1])
    assert not asked(signature, VECTORS[0], raw_path=b"/other.php")
    assert not asked(signature, VECTORS[0], query=b"bar=2&foo=1")
    assert not asked(Signature([TOKEN], "https://elsewhere.com"), VECTORS[0])


def test_either_token_is_accepted_while_one_replaces_the_other() -> None:
    signature = Signature([TOKEN, "67890"], BASE)
    assert asked(signature, VECTORS[0])
    assert asked(signature, VECTORS[0], header=sign("67890", VECTORS[0].url, FORM))
    assert not asked(signature, VECTORS[0], header=sign("13579", VECTORS[0].url, FORM))


def test_blank_tokens_check_nothing() -> None:
    assert asked(Signature([TOKEN, ""], BASE), VECTORS[0])
    assert not asked(Signature([TOKEN, ""], BASE), VECTORS[0], header=sign("", VECTORS[0].url, FORM))
    with pytest.raises(ValueError, match="auth token"):
        Signature(["", ""], BASE)


def test_repeated_values_that_were_collapsed_are_refused() -> None:
    repeats = next(vector for vector in VECTORS if vector.case == "a name that repeats")
    assert not asked(Signature([TOKEN], BASE), repeats, header=COLLAPSED)
    assert not asked(Signature([TOKEN], BASE), repeats, params=list(dict(repeats.form or ()).items()))


@pytest.mark.parametrize("port", [":443", ":1234"])
def test_https_is_signed_without_its_port_whatever_the_port(port: str) -> None:
    assert asked(Signature([TOKEN], f"https://mycompany.com{port}"), VECTORS[0])


def test_a_user_and_password_in_our_address_are_dropped_before_signing() -> None:
    assert asked(Signature([TOKEN], "https://user:pass@mycompany.com/"), VECTORS[0])


def test_an_ipv6_address_works() -> None:
    base = "https://[2001:db8::1]"
    assert asked(Signature([TOKEN], base), VECTORS[0], header=sign(TOKEN, f"{base}/myapp.php?{QUERY}", FORM))
    assert asked(
        Signature([TOKEN], f"{base}:8443"), VECTORS[0], header=sign(TOKEN, f"{base}/myapp.php?{QUERY}", FORM)
    )


def test_json_whose_hash_is_another_bodys_is_refused() -> None:
    json = VECTORS[4]
    signature = Signature([TOKEN], BASE)
    assert not asked(signature, json, body=b'{"property": "value", "boolean": false}')
    assert not asked(signature, json, body=b"\xff\xfe")


def test_json_that_names_no_hash_is_refused_since_nothing_signs_its_body() -> None:
    unnamed = sign(TOKEN, f"{BASE}/myapp.php?{QUERY}", ())
    json = {"content_type": "application/json", "params": None, "header": unnamed}
    assert not asked(Signature([TOKEN], BASE), VECTORS[0], body=b'{"a": 1}', **json)
    assert not asked(Signature([TOKEN], BASE), VECTORS[0], body=b"", **json)


def test_json_that_names_two_hashes_is_refused() -> None:
    body = b"{}"
    query = f"bodySHA256={sha256(body).hexdigest()}&bodySHA256={'0' * 64}"
    assert not asked(
        Signature([TOKEN], BASE),
        VECTORS[7],
        query=query.encode(),
        header=sign(TOKEN, f"{BASE}/myapp.php?{query}", ()),
    )


def test_a_body_that_cannot_be_a_form_is_refused_as_one() -> None:
    signature = Signature([TOKEN], BASE)
    url_alone = sign(TOKEN, VECTORS[0].url, ())
    assert not asked(signature, VECTORS[0], params=None, header=url_alone)
    assert not asked(signature, VECTORS[0], params=[], body=b"&&&", header=url_alone)
    assert asked(signature, VECTORS[0], params=[], body=b"", header=url_alone)


def test_a_get_is_signed_by_its_address_alone() -> None:
    get = next(vector for vector in VECTORS if vector.method == "GET")
    assert asked(Signature([TOKEN], BASE), get, body=b"whatever", params=[("a", "b")])
    assert not asked(Signature([TOKEN], BASE), get, method="POST")


def test_a_form_that_is_not_utf_8_may_be_signed_as_read_or_over_its_bytes() -> None:
    body = b"CallerName=JOS%C9&From=%2B1876&Raw=\xe9"
    read = parse_form(body)
    signature = Signature([TOKEN], BASE)
    exact = [("CallerName", "JOS\udcc9"), ("From", "+1876"), ("Raw", "\udce9")]
    assert asked(signature, VECTORS[0], body=body, params=read, header=sign(TOKEN, VECTORS[0].url, read))
    text = VECTORS[0].url + "".join(name + value for name, value in exact)
    assert asked(signature, VECTORS[0], body=body, params=read, header=signed_bytes(text))


def signed_bytes(text: str) -> str:
    return b64encode(hmac.digest(TOKEN.encode(), text.encode("utf-8", "surrogateescape"), "sha1")).decode()


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "", "\x00"]),
    raw_path=st.binary(),
    query=st.binary(),
    params=st.none() | st.lists(st.tuples(st.text(), st.text())),
    body=st.binary(),
    content_type=st.sampled_from(["", URLENCODED, "application/json", "\udcff;"]) | st.text(),
    header=st.none() | st.text() | st.text(min_size=28, max_size=28) | st.just(GOOD),
)
@settings(max_examples=150, deadline=None)
def test_garbage_is_refused_and_never_raises(**request: Any) -> None:
    assert Signature([TOKEN, "67890"], BASE).ok(**request) is False


@given(
    surrogate=st.text(st.characters(categories=["Cs"]), min_size=1),
    header=st.sampled_from([GOOD, "A" * 28]),
)
def test_halves_of_characters_are_refused_and_never_raise(surrogate: str, header: str) -> None:
    assert not asked(Signature([TOKEN], BASE), VECTORS[0], params=[("a", surrogate)], header=header)


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    form=st.lists(st.tuples(names, names), max_size=12),
    path=st.from_regex(r"/[a-zA-Z0-9/._-]{0,30}", fullmatch=True),
    query=st.from_regex(r"[a-zA-Z0-9=&%+]{0,30}", fullmatch=True),
    host=st.sampled_from(
        ["https://ivr.example.com", "http://ivr.example.com:8000", "https://a.example:8443"]
    ),
)
@settings(max_examples=150, deadline=None)
def test_what_the_library_signs_we_accept_and_sign_alike(
    form: list[tuple[str, str]], path: str, query: str, host: str
) -> None:
    class Fields(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    fields = Fields()
    for name, value in form:
        fields.setdefault(name, []).append(value)
    url = host + path + (f"?{query}" if query else "")
    header = RequestValidator(TOKEN).compute_signature(url, fields)
    assert sign(TOKEN, url, form) == header
    body = urlencode(form).encode()
    accepted = Signature([TOKEN], host).ok(
        "POST", path.encode(), query.encode(), form, body, URLENCODED, header
    )
    assert accepted is (bool(form) or not body)
