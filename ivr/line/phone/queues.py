"""Queues: made before the first caller needs one."""

from collections.abc import Iterable
from typing import Any

from ivr.line.phone.answers import Answer, Found, Outcome
from ivr.line.phone.asking import Asking
from ivr.line.twiml import LONGEST_QUEUE_NAME

QUEUE_SIZE = 1_000  # said aloud, since Twilio's pages differ about its default


class Queues(Asking):
    """The queues callers wait in."""

    async def create_queues(self, names: Iterable[str], *, within: float | None = None) -> Outcome:
        """See to it that queues of these names exist. Twilio would make them itself, at a size of its own."""
        return await self._outcome("create_queues", self._create_queues(names), within)

    async def waiting_in(self, name: str, *, within: float | None = None) -> Found[int]:
        """How many callers wait in a queue now; nobody where Twilio has no such queue."""
        return await self._found("waiting_in", self._waiting_in(name[:LONGEST_QUEUE_NAME]), within)

    async def _waiting_in(self, name: str) -> Found[int]:
        def read(queues: list[Any]) -> int:
            return next((int(queue.current_size) for queue in queues if queue.friendly_name == name), 0)

        return (await self._look_through("list_queues", self._twilio().queues, read)).found

    async def _create_queues(self, names: Iterable[str]) -> Outcome:
        there = await self._names()
        if there.given is None:
            return there.outcome
        outcome = Outcome.DONE
        for name in dict.fromkeys(name[:LONGEST_QUEUE_NAME] for name in names if name):
            if name not in there.given and (made := await self._create(name)) is not Outcome.DONE:
                outcome = made
        return outcome

    async def _create(self, name: str) -> Outcome:
        answer = await self._wish(
            "create_queue",
            lambda: self._twilio().queues.create_async(friendly_name=name, max_size=QUEUE_SIZE),
        )
        if answer.outcome is Outcome.DONE:
            return Outcome.DONE
        # Another worker may have made it meanwhile, or Twilio may have and not said so.
        return Outcome.DONE if name in ((await self._names()).given or ()) else answer.outcome

    async def _names(self) -> Answer[set[str]]:
        def read(queues: list[Any]) -> set[str]:
            return {str(queue.friendly_name) for queue in queues}

        return await self._look_through("list_queues", self._twilio().queues, read)
