"""What we ask of Twilio: bring a live call to its farewell, keep a room open and speak into it, and the rest.

Through twilio's own client, asynchronously. A caller is on the line, so every request has a short time-out
and few tries. What Twilio did not process (429) is asked again after a jittered pause. What it may have
processed (5xx, no answer, an answer nobody can read) is asked again once, and only after looking: a look
may always be repeated, a document or a wish that is fulfilled twice does no harm. An announcement would be
heard twice, and there is nothing to look at, so it is not repeated: whoever asked waits for its own proof.
That a call or a room is over (21220, 20404) is an outcome, not a fault, and never asked again. Nothing here
raises for what Twilio answers or fails to answer, and no number, no address and no message of an exception,
which may quote one, is logged. `within` bounds a whole question in seconds, its pauses and second tries
too, for whoever is answering a request of Twilio's meanwhile; what is not done by then is to be tried again.
"""

from ivr.line.phone.answers import Found, Outcome
from ivr.line.phone.calls import LiveCalls
from ivr.line.phone.numbers import Number, Numbers
from ivr.line.phone.queues import QUEUE_SIZE, Queues
from ivr.line.phone.rooms import Participant, Rooms
from ivr.line.phone.tasks import Task, Tasks

__all__ = ["QUEUE_SIZE", "Found", "Number", "Outcome", "Participant", "Phone", "Task"]


class Phone(LiveCalls, Rooms, Tasks, Queues, Numbers):
    """The REST side of one account."""
