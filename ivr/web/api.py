"""The API for programs: wrap a call up, tell its story, record a hold.

Bearer tokens only. Errors answer their reader's question: which field, why, and whether trying again helps.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ivr.calls.wrapup import GIFTS, WHO
from ivr.wrapup.programs import Kept, Programs

_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_TEMPLATE = re.compile(r"\{\{|\}\}|\{%|%\}|<[a-zA-Z/!?]")

CallSid = Annotated[
    str, Path(pattern=r"^CA[0-9A-Za-z]{32}$", description="The caller's leg: CA and 32 letters and digits.")
]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="The same key makes a repeat harmless."),
]


def _speakable(value: str | None) -> str | None:
    """One line of words a voice can say, or None for an empty one."""
    if value is None:
        return None
    if _TEMPLATE.search(value):
        raise ValueError("holds markup or a template; type it as it will be said")
    return " ".join(_UNSPEAKABLE.sub(" ", value).split()) or None


class StepBody(BaseModel):
    """Something done, or still to do."""

    model_config = ConfigDict(extra="forbid")
    who: Literal["done", "us", "you"] | None = Field(
        None, description="who acts; `done` for what is already done. Left out for a ready-made step."
    )
    what: str | None = Field(
        None,
        max_length=90,
        description="A bare infinitive (“send a replacement router”); for `done` what follows “we have”, a past participle (in Portuguese the past tense).",
    )
    step: str | None = Field(
        None,
        max_length=60,
        description="In place of `what`: the id of a ready-made step, worded in every language.",
    )
    by: date | None = Field(None, description="The day by which.")
    reference: str | None = Field(
        None,
        max_length=40,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]*$",
        description="Letters, digits and - / . _ only: it is spelt out.",
    )
    to: str | None = Field(
        None, max_length=120, description="Where to: an e-mail or web address, a number, a place."
    )
    locale: str | None = Field(
        None, max_length=12, description="The language `what` is typed in, when it is not the call's."
    )

    _tidy = field_validator("what", "to", "reference")(_speakable)

    @model_validator(mode="after")
    def _says_something(self) -> "StepBody":
        if (self.what is None) == (self.step is None):
            raise ValueError("give either `what` or `step`")
        if self.what is not None and self.who is None:
            raise ValueError(f"`who` is one of {', '.join(WHO)}")
        return self

    def plain(self, book_who: str | None) -> dict[str, Any]:
        """As it is kept; `book_who` is who acts in the ready-made step."""
        return {
            "who": self.who or book_who or "us",
            "what": self.what or "",
            "by": self.by.isoformat() if self.by else None,
            "reference": self.reference,
            "to": self.to,
            "ready_made": self.step,
            "locale": self.locale,
        }


class GiftBody(BaseModel):
    """A small thing the caller mentioned about their life."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal[GIFTS]  # type: ignore[valid-type]  # the closed list stands in calls/wrapup.py
    detail: str | None = Field(None, max_length=60, description="As it will be said: “in Tobago”.")
    whose: Literal["caller", "theirs"] = "caller"

    _tidy = field_validator("detail")(_speakable)


class WrapupBody(BaseModel):
    """How the call went. Everything is optional; an absent `resolved` or `trouble` is unknown."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Ana",
                "resolved": True,
                "steps": [
                    {
                        "who": "us",
                        "what": "send a replacement router",
                        "by": "2026-11-28",
                        "reference": "AB-4719",
                    }
                ],
                "gifts": [{"kind": "holiday", "detail": "in Tobago"}],
            }
        },
    )
    name: str | None = Field(None, max_length=80, description="As you would say it to their face.")
    resolved: bool | None = None
    reason: str | None = Field(None, max_length=40)
    trouble: bool | None = None
    tone: Literal["plain", "sober", "gentle"] = "plain"
    way: Literal["aside", "together", "after"] | None = Field(
        None, description="Where you are while the caller hears it; by default as the queue's rules say."
    )
    start: Literal["now", "when_agent_leaves"] = "now"
    steps: list[StepBody] = Field(default_factory=list, max_length=12)
    gifts: list[GiftBody] = Field(default_factory=list, max_length=4)
    locale: str | None = Field(None, max_length=12)
    agent: str | None = Field(None, max_length=40)
    text_note: bool = False
    check_in: datetime | None = None
    same_person: bool = False
    apologised: bool = False
    pace: Literal["normal", "slow"] = "normal"
    held_seconds: int | None = Field(None, ge=0, le=14400)

    _tidy = field_validator("name", "agent", "reason")(_speakable)


class TokenCheck(Protocol):
    """Whoever knows the API's tokens."""

    async def token_holder(self, token: str) -> str | None:
        """The name the token was given to, or None."""


def router(programs: Programs, tokens: TokenCheck) -> APIRouter:
    """The API's addresses, wired to the act that closes calls."""

    async def bearer(request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HTTPException(
                401,
                "Send “Authorization: Bearer TOKEN”; `ivr token add NAME` makes one.",
                {"WWW-Authenticate": "Bearer"},
            )
        holder = await tokens.token_holder(token.strip())
        if holder is None:
            raise HTTPException(403, "This token is not known here, or was revoked.")
        return holder

    api = APIRouter(prefix="/api", dependencies=[Depends(bearer)], tags=["calls"])

    @api.post("/calls/{call_sid}/wrapup", status_code=202)
    async def wrap_up(call_sid: CallSid, body: WrapupBody, idempotency_key: Key = None) -> JSONResponse:
        """Keep how the call went, and let the farewell begin."""
        plain = body.model_dump(mode="json", exclude={"steps"})
        book = programs.book()
        steps = []
        for number, step in enumerate(body.steps):
            who = book.step_who(step.step) if step.step else None
            if step.step and who is None:
                return _unprocessable(
                    ["body", "steps", number, "step"], f"the book has no ready-made step “{step.step}”"
                )
            steps.append(step.plain(who))
        return _answer(await programs.wrap_up(call_sid, {**plain, "steps": steps}, idempotency_key))

    @api.get("/calls/{call_sid}")
    async def story(call_sid: CallSid) -> JSONResponse:
        """The call's story so far: its wait, where everybody is, and what was said."""
        told = await programs.story_of(call_sid)
        if told is None:
            raise HTTPException(404, "Neither we nor Twilio know this call.")
        return JSONResponse(told)

    @api.post("/calls/{call_sid}/hold", status_code=202)
    async def hold(call_sid: CallSid, idempotency_key: Key = None) -> JSONResponse:
        """Record that the caller was put on hold."""
        return _answer(await programs.hold(call_sid, True, idempotency_key))

    @api.post("/calls/{call_sid}/resume", status_code=202)
    async def resume(call_sid: CallSid, idempotency_key: Key = None) -> JSONResponse:
        """Record that the hold ended."""
        return _answer(await programs.hold(call_sid, False, idempotency_key))

    return api


def _answer(kept: Kept) -> JSONResponse:
    if kept.state == "unknown":
        return JSONResponse({"detail": "Neither we nor Twilio know this call."}, 404)
    if kept.state == "impossible":
        return _unprocessable(["body", "way"], f"{kept.done}; use aside or after")
    if kept.state == "too_late":
        return JSONResponse({"detail": "Too late.", "done": kept.done}, 409)
    return JSONResponse(kept.to_json(), 202)


def _unprocessable(where: list[str | int], reason: str) -> JSONResponse:
    return JSONResponse({"detail": [{"loc": where, "msg": reason, "type": "value_error"}]}, 422)
