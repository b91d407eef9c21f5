"""TaskRouter without Flex: how to connect a task to its worker, and the task completed once the call is over.

The instruction needs neither database nor Twilio, so that it is given within TaskRouter's five seconds
whatever else fails. The room it makes is wired to our callbacks and does not end with its agent.
"""

from typing import Any

from ivr import watch
from ivr.line.counter import Ask, Counter
from ivr.line.phone import Outcome
from ivr.line.tasks import TaskSaid, assigned

RINGS = 20  # seconds for the worker's telephone
ROOM_EVENTS = "start end join leave mute hold"  # all that this instruction can subscribe to and we read
TRIES = (1.0, 5.0, 20.0)  # seconds before asking again to complete a task


class AssignmentDesk:
    """Answers TaskRouter, and sees its tasks through."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def instruction(self, ask: Ask) -> dict[str, Any]:
        """What TaskRouter is to do; nothing at all for a task that is no call of ours."""
        task = TaskSaid(ask.said)
        if task.call is None or task.task is None:
            return {}
        rules = self._counter.book().rules.queue(task.queue or None)
        said: dict[str, Any] = {
            "instruction": "conference",
            "room_name": task.task,
            "from": task.called,
            "timeout": RINGS,
            "end_conference_on_exit": False,
            "end_conference_on_customer_exit": True,
            "conference_status_callback": self._counter.event_url("/events/conference"),
            "conference_status_callback_event": ROOM_EVENTS,
        }
        if rules.record is not None:
            said["conference_record"] = "record-from-start"
        if rules.after_work is not None:
            said["post_work_activity_sid"] = rules.after_work
        return said

    async def keep(self, ask: Ask) -> None:
        """Remember that the task is ours to complete."""
        await self._counter.keep([assigned(TaskSaid(ask.said), ask.now)])

    def finish(self, call: str) -> None:
        """The call is over, or its task wraps up: a task that we connected is completed once nobody hears us
        any more, since its worker has no page to do it on."""

        async def complete() -> None:
            story = (await self._counter.closing.standing(call)).story
            if not story.assigned or story.task is None or story.workspace is None:
                return
            if story.caller_is != "gone" and not story.heard:
                return
            for pause in (*TRIES, None):
                outcome = await self._counter.phone.complete_task(
                    story.workspace, story.task, "the call is over"
                )
                if outcome is not Outcome.TRY_AGAIN:
                    return
                if pause is None:
                    watch.log().warning("task not completed", call=call)
                    return
                await self._counter.clock.sleep(pause)

        self._counter.later(0.5, complete)
