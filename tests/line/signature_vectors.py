"""Sixteen requests and the signatures Twilio's algorithm gives them.

Cases and values are those of the tests of Twilio's Python and Node libraries; the last, the GET, and `{}`
without a port were computed with the Python library. Every token is 12345.
"""

from dataclasses import dataclass

TOKEN = "12345"

FORM = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
QUERY = "foo=1&bar=2"
TWO_THINGS = b'{"property": "value", "boolean": true}'
TWO_THINGS_SHA = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
NOTHING_SHA = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@dataclass(frozen=True)
class Vector:
    case: str
    signature: str
    base: str = "https://mycompany.com"
    path: str = "/myapp.php"
    query: str = QUERY
    form: tuple[tuple[str, str], ...] | None = FORM
    json: bytes | None = None
    method: str = "POST"

    @property
    def url(self) -> str:
        return self.base + self.path + ("?" + self.query if self.query else "")


VECTORS = (
    Vector("a form", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    Vector("a form to https with its port", "kvajT1Ptam85bY51eRf/AJRuM3w=", base="https://mycompany.com:443"),
    Vector("a form to http with its port", "0ZXoZLH/DfblKGATFgpif+LLRf4=", base="http://mycompany.com:80"),
    Vector("a form to an odd port", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", base="http://mycompany.com:1234"),
    Vector(
        "JSON",
        "a9nBmqA0ju/hNViExpshrM61xv4=",
        query=f"{QUERY}&bodySHA256={TWO_THINGS_SHA}",
        form=None,
        json=TWO_THINGS,
    ),
    Vector(
        "JSON and nothing else in the query",
        "y77kIzt2vzLz71DgmJGsen2scGs=",
        query=f"bodySHA256={TWO_THINGS_SHA}",
        form=None,
        json=TWO_THINGS,
    ),
    Vector(
        "empty JSON to https with its port",
        "Ldidvp12m26NI7eqEvxnEpkd9Hc=",
        base="https://mycompany.com:443",
        query=f"{QUERY}&bodySHA256={NOTHING_SHA}",
        form=None,
        json=b"{}",
    ),
    Vector(
        "empty JSON",
        "rw/jVviOgicj2+kHZULvebnA4ag=",
        query=f"{QUERY}&bodySHA256={NOTHING_SHA}",
        form=None,
        json=b"{}",
    ),
    Vector(
        "a name that repeats",
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        form=(
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ),
    ),
    Vector(
        "a list",
        "83O6e2vORAoJHUNzJjDWN1jz+BA=",
        form=(("MessagingBinding.Address", "+1325xxxxxxx"), ("MessagingBinding.Address", "+1415xxxxxxx")),
    ),
    Vector("user and password", "CukzLTc1tT5dXEDIHm/tKBanW10=", base="https://user:pass@mycompany.com"),
    Vector(
        "user, password and port", "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=", base="https://user:pass@mycompany.com:443"
    ),
    Vector("a user alone", "2YRLlVAflCqxaNicjMpJcSTgzSs=", base="https://user@mycompany.com"),
    Vector("an apostrophe in a query", "TfZzewPq8wqrGlMfyAud8+/IvJ0=", query=f"{QUERY}&Body=It%27s+amazing"),
    Vector(
        "GET",
        "T7Kd5RCUUBX04jdtz+DzR2/IyXg=",
        query="CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212",
        form=None,
        method="GET",
    ),
    Vector(
        "letters beyond ASCII, and a blank",
        "wFPaoxl9aYMrIhf94aJWNx0W7yw=",
        base="https://example.com",
        path="/voice",
        query="",
        form=(
            ("From", "+18765551234"),
            ("CallerName", "JOSÉ Ñ"),
            ("SpeechResult", ""),
            ("CallSid", "CA00000000000000000000000000000001"),
        ),
    ),
)

COLLAPSED = "CgUWP726jjuqn1zmicHVG/3A2ak="
"""What the repeating name gives when a dict has kept only the last of its values: never Twilio's."""
