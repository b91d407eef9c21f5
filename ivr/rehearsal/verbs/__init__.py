"""The verbs, one function each, with Twilio's rule above it; and the table of them.

A verb gives the document that takes the place of the running one, or None to go on with the next verb.
"""

from collections.abc import Mapping

from ivr.rehearsal.leg import Verb
from ivr.rehearsal.verbs.dialling import dial
from ivr.rehearsal.verbs.gathering import gather
from ivr.rehearsal.verbs.going import hangup, redirect, reject
from ivr.rehearsal.verbs.queueing import enqueue, leave
from ivr.rehearsal.verbs.speaking import pause, play, say

VERBS: Mapping[str, Verb] = {
    "Say": say,
    "Play": play,
    "Pause": pause,
    "Gather": gather,
    "Redirect": redirect,
    "Hangup": hangup,
    "Reject": reject,
    "Enqueue": enqueue,
    "Leave": leave,
    "Dial": dial,
}
