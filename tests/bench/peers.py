"""What we are measured against, each a real service one could run.

`hello` is a FastAPI + twilio service written the way Twilio's own samples are: a dependency that validates
the signature, the form read by FastAPI, the answer built by the library's VoiceResponse. `bare` is the same
request answered without any framework, by our own signature check, and records nothing: the floor.
"""

import os
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse  # noqa: TID251  # the peer does as the samples do

from ivr.line.signature import Signature

TOKEN = os.environ.get("BENCH_TOKEN", "bench")
PUBLIC_URL = os.environ.get("BENCH_URL", "http://127.0.0.1:8000")

hello = FastAPI()
_validator = RequestValidator(TOKEN)


async def twilio_only(request: Request) -> dict[str, Any]:
    """The samples' guard: the whole form, and the library's validator."""
    form = await request.form()
    url = f"{PUBLIC_URL}{request.url.path}{'?' + request.url.query if request.url.query else ''}"
    if not _validator.validate(url, form, request.headers.get("x-twilio-signature", "")):
        raise HTTPException(403)
    return dict(form)


@hello.post("/{path:path}")
async def answer(form: Annotated[dict[str, Any], Depends(twilio_only)]) -> Response:
    """Three verbs, as in the samples' first lesson."""
    response = VoiceResponse()
    response.say(
        f"Thank you for calling. Your call is {form.get('CallSid', '')[-4:]}.",
        voice="Polly.Amy-Neural",
        language="en-GB",
    )
    response.pause(length=1)
    response.hangup()
    return Response(str(response), media_type="text/xml")


_signature = Signature([TOKEN], PUBLIC_URL)
_REPLY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Form, signature, reply; nothing else."""
    if scope["type"] != "http":
        return
    body = (await receive())["body"]
    headers = dict(scope["headers"])
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    ok = _signature.ok(
        scope["method"],
        scope["raw_path"],
        scope["query_string"],
        fields,
        body,
        headers[b"content-type"].decode(),
        headers[b"x-twilio-signature"].decode(),
    )
    start = {
        "type": "http.response.start",
        "status": 200 if ok else 403,
        "headers": [(b"content-type", b"text/xml"), (b"content-length", str(len(_REPLY)).encode())],
    }
    await send(start)
    await send({"type": "http.response.body", "body": _REPLY})
