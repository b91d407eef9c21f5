"""What a request said goes with the caller through a mishap: it is asked again by its address alone.

The document of a mishap leads back to the address that failed. Twilio then says nothing of the key that was
pressed, or of how the stay in the queue ended, and sends another token: so they stand in the address, which
is signed as a whole.
"""

from collections.abc import Mapping, Sequence

from ivr.line.counter import Ask
from ivr.line.translate import Said, said

_CARRIED = ("Digits", "QueueResult", "QueueSid", "QueueTime")  # as Twilio spells them: no name of ours


def carried(ask: Ask) -> dict[str, object]:
    """The query of the address to go back to."""
    told: dict[str, object] = {name: text for name in _CARRIED if (text := ask.said.text(name))}
    if ask.token:
        told["token"] = ask.token
    return {**ask.query, **told, "mishap": ask.number("mishap") + 1}


def resumed(
    query: Mapping[str, str], fields: Sequence[tuple[str, str]], token: str | None
) -> tuple[Said, str | None]:
    """What the request says, and its token: as at first, where it comes out of a mishap."""
    if "mishap" not in query:
        return said(fields), token
    told = [(name, query[name]) for name in _CARRIED if name in query]
    return said([*fields, *told]), query.get("token") or token
