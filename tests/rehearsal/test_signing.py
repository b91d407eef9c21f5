"""How requests are signed."""

import pytest

from ivr.rehearsal.signing import as_signed, sign
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import TOKEN, MakeWorld

# Published in the test tables of Twilio's Python and Node libraries; the token is 12345.
PAGE = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]


@pytest.mark.parametrize(
    ("url", "fields", "signature"),
    [
        (PAGE, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (
            PAGE,
            [
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (
            "https://example.com/voice",
            [
                ("From", "+18765551234"),
                ("CallerName", "JOSÉ Ñ"),
                ("SpeechResult", ""),
                ("CallSid", "CA00000000000000000000000000000001"),
            ],
            "wFPaoxl9aYMrIhf94aJWNx0W7yw=",
        ),
    ],
    ids=["form", "port written", "http port", "repeated names", "accents and an empty value"],
)
def test_a_signature_is_the_published_one(url: str, fields: list[tuple[str, str]], signature: str) -> None:
    assert sign("12345", url, fields) == signature


def test_on_https_the_port_is_dropped_before_signing_and_on_http_it_stays() -> None:
    assert as_signed("https://me:pw@a.example:8443/x?b=1#rc=2") == "https://a.example/x?b=1"
    assert as_signed("http://a.example:1234/x") == "http://a.example:1234/x"


async def test_a_form_is_signed_over_what_the_service_receives(world: MakeWorld) -> None:
    w = world({"/a": "<Hangup/>"})
    await w.play(w.wire.ask(f"{PUBLIC_URL}/a?n=1#rc=2&rp=all", "POST", [("Digits", "4 2"), ("Empty", "")]))
    heard = w.service.heard[0]
    assert heard.form == {"Digits": "4 2", "Empty": ""}
    assert heard.headers["x-twilio-signature"] == sign(TOKEN, f"{PUBLIC_URL}/a?n=1", heard.form.items())
    assert "#" not in w.wire.asked[0].url


async def test_a_get_carries_its_fields_in_the_query_which_is_signed_as_sent(world: MakeWorld) -> None:
    w = world({"/a": "<Hangup/>"})
    await w.play(w.wire.ask(f"{PUBLIC_URL}/a?n=1", "GET", [("From", "+44 7")]))
    heard = w.service.heard[0]
    assert heard.query == {"n": "1", "From": "+44 7"}
    assert heard.headers["x-twilio-signature"] == sign(TOKEN, f"{PUBLIC_URL}/a?n=1&From=%2B44+7")
