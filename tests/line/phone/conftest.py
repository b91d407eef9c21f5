"""A telephone whose answers a test writes."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ivr.line.phone import Phone
from tests.line.phone.script import ACCOUNT, BASE, Answer, Line, Script


@pytest.fixture
async def line() -> AsyncIterator[Callable[..., Line]]:
    """A telephone with a script of answers behind it."""
    opened: list[Line] = []

    def dial(*answers: Answer, **settings: Any) -> Line:
        script, slept = Script(*answers), list[float]()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        given = {"public_url": BASE, "http": script, "sleep": sleep, "jitter": lambda: 1.0, **settings}
        made = Line(Phone(ACCOUNT, "SK1", "secret", **given), script, slept)
        opened.append(made)
        return made

    yield dial
    for each in opened:
        await each.phone.stop()
