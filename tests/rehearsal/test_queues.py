"""Queues and the bridge to an agent, as Twilio documents them."""

import pytest

from ivr.rehearsal.leg import Leg
from ivr.rehearsal.queues import Bridge
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Answer, MakeWorld, World, words

IN = '<Enqueue action="/left" waitUrl="/wait">billing</Enqueue>'
WAIT = '<Say>please wait</Say><Pause length="20"/>'
AGENT = '<Dial action="/next" timeout="60"><Queue url="/whisper">billing</Queue></Dial>'
LINE: dict[str, Answer] = {
    "/in": IN,
    "/wait": WAIT,
    "/left": "<Say>goodbye now</Say>",
    "/agent": AGENT,
    "/whisper": "",
    "/next": "<Say>next please</Say>",
    "/far": "<Say>far away</Say>",
}


def agent_rings(w: World, at: float, path: str = "/agent") -> list[Leg]:
    agents: list[Leg] = []
    w.later(at, lambda: agents.append(w.ring(path, name=f"agent {at}")))
    return agents


# --- waiting -----------------------------------------------------------------------------------------------


async def test_the_wait_document_is_asked_again_each_time_it_has_run_out(world: MakeWorld) -> None:
    w = world(LINE)
    caller = w.ring()
    w.later(50, caller.hang_up)
    await w.until_over(caller)
    assert [heard.form["QueueTime"] for heard in w.service.asked("/wait")] == ["0", "20", "41"]


async def test_a_wait_request_says_where_the_caller_stands(world: MakeWorld) -> None:
    w = world(LINE)
    first = w.ring(name="first")
    seconds: list[Leg] = []
    w.later(10, lambda: seconds.append(w.ring(name="second")))
    w.later(25, first.hang_up)
    w.later(40, lambda: seconds[0].hang_up())
    await w.until_over(first)
    forms = [heard.form for heard in w.service.asked("/wait") if heard.form["CallSid"] != first.sid]
    assert (
        forms[0].items()
        >= {
            "QueuePosition": "2",
            "CurrentQueueSize": "2",
            "AvgQueueTime": "5",
            "MaxQueueSize": "1000",
            "QueueTime": "0",
        }.items()
    )
    assert forms[0]["QueueSid"].startswith("QU")
    await w.until_over(seconds[0])


async def test_without_a_wait_url_or_with_an_empty_one_nothing_is_asked(world: MakeWorld) -> None:
    for attributes in ("", 'waitUrl=""'):
        w = world({"/in": f"<Enqueue {attributes}>billing</Enqueue>"})
        caller = w.ring()
        w.later(500, caller.hang_up)
        await w.until_over(caller)
        assert w.service.paths() == ["/in"]


async def test_a_wait_document_that_takes_no_time_is_refused(world: MakeWorld) -> None:
    w = world({**LINE, "/wait": ""})
    with pytest.raises(TwilioRefuses, match="no time"):
        await w.until_over(w.ring())


async def test_an_illegal_verb_in_a_wait_document_is_refused_with_the_rule(world: MakeWorld) -> None:
    w = world({**LINE, "/wait": AGENT})
    with pytest.raises(TwilioRefuses, match="14202: a queue's waitUrl takes only"):
        await w.until_over(w.ring())


async def test_what_a_gather_in_a_wait_document_leads_to_is_held_to_the_same_verbs(world: MakeWorld) -> None:
    w = world({**LINE, "/wait": '<Gather numDigits="1" action="/key"/>', "/key": AGENT})
    caller = w.ring()
    w.later(1, lambda: caller.press("1"))
    with pytest.raises(TwilioRefuses, match="14202"):
        await w.until_over(caller)


async def test_leave_ends_the_stay_and_the_action_is_asked(world: MakeWorld) -> None:
    w = world({**LINE, "/wait": '<Gather numDigits="1" action="/key"/>', "/key": "<Leave/>"})
    caller = w.ring()
    w.later(3, lambda: caller.press("1"))
    await w.until_over(caller)
    form = w.service.asked("/left")[0].form
    assert (form["QueueResult"], form["QueueTime"], form["CallStatus"]) == ("leave", "3", "in-progress")
    assert words(caller) == ["goodbye now"]


async def test_without_an_action_the_verb_after_enqueue_runs(world: MakeWorld) -> None:
    w = world({"/in": '<Enqueue waitUrl="/wait">billing</Enqueue><Say>after all</Say>', "/wait": "<Leave/>"})
    caller = w.ring()
    await w.until_over(caller)
    assert words(caller) == ["after all"]


async def test_who_hangs_up_while_waiting_is_told_as_such_and_nothing_more_is_played(
    world: MakeWorld,
) -> None:
    w = world(LINE)
    caller = w.ring()
    w.later(33.9, caller.hang_up)
    await w.until_over(caller)
    form = w.service.asked("/left")[0].form
    assert (form["QueueResult"], form["QueueTime"], form["CallStatus"]) == ("hangup", "33", "completed")
    assert "goodbye now" not in words(caller)


async def test_a_full_queue_takes_nobody_more(world: MakeWorld) -> None:
    w = world(LINE)
    w.exchange.queue("billing").max_size = 1
    first, second = w.ring(name="first"), w.ring(name="second")
    w.later(10, first.hang_up)
    await w.until_over(first, second)
    form = next(heard.form for heard in w.service.asked("/left") if heard.form["CallSid"] == second.sid)
    assert form["QueueResult"] == "queue-full"
    assert "QueueSid" not in form
    assert words(second) == ["goodbye now"]


async def test_a_wait_document_that_fails_leads_to_the_fallback(world: MakeWorld) -> None:
    w = world({**LINE, "/wait": (500, "text/plain", ""), "/fallback": "<Say>sorry</Say>"})
    caller = w.ring(fallback_url="/fallback")
    await w.until_over(caller)
    assert words(caller) == ["sorry"]
    assert w.exchange.queues["billing"].waiting == []


# --- an agent comes ------------------------------------------------------------------------------------------


async def test_first_come_first_served(world: MakeWorld) -> None:
    w = world(LINE)
    met: list[Bridge] = []
    w.exchange.on_bridge.append(met.append)
    first = w.ring(name="first")
    late: list[Leg] = []
    w.later(5, lambda: late.append(w.ring(name="late")))
    agents = agent_rings(w, 10)
    w.later(20, first.hang_up)
    w.later(30, lambda: late[0].hang_up())
    await w.until_over(first)
    assert [bridge.stay.leg for bridge in met] == [first]
    await w.until_over(late[0], agents[0])


async def test_the_queue_url_is_asked_for_the_caller_just_before_the_bridge(world: MakeWorld) -> None:
    w = world({**LINE, "/whisper": "<Say>one two three four five</Say>"})
    met: list[float] = []
    w.exchange.on_bridge.append(lambda bridge: met.append(w.clock.monotonic()))
    caller = w.ring()
    agents = agent_rings(w, 750)
    w.later(800, caller.hang_up)
    await w.until_over(caller)
    form = w.service.asked("/whisper")[0].form
    assert (form["CallSid"], form["DequeingCallSid"], form["QueueTime"]) == (caller.sid, agents[0].sid, "750")
    assert met == [752]


async def test_an_illegal_verb_in_the_queue_url_is_refused_with_the_rule(world: MakeWorld) -> None:
    w = world({**LINE, "/whisper": "<Hangup/>"})
    caller = w.ring()
    agent_rings(w, 5)
    with pytest.raises(TwilioRefuses, match="14211: the url of <Queue>"):
        await w.until_over(caller)


async def test_the_action_comes_only_after_both_have_parted_and_the_agents_hang_up_leaves_the_caller_on(
    world: MakeWorld,
) -> None:
    w = world(LINE)
    caller = w.ring()
    agents = agent_rings(w, 10)
    w.later(100, lambda: agents[0].hang_up())
    await w.until_over(caller)
    left = w.service.asked("/left")[0]
    assert (left.form["QueueResult"], left.form["QueueTime"]) == ("bridged", "10")
    assert next(asked.at for asked in w.wire.asked if asked.path == "/left") == 100
    assert words(caller)[-1] == "goodbye now"
    next_ = w.service.asked("/next")[0].form
    assert (next_["CallStatus"], next_["DialCallStatus"]) == ("completed", "completed")
    assert "next please" not in words(agents[0])


async def test_the_callers_hang_up_leads_the_agent_to_their_action(world: MakeWorld) -> None:
    w = world(LINE)
    caller = w.ring()
    agents = agent_rings(w, 10)
    w.later(100, caller.hang_up)
    await w.until_over(caller)
    await w.until_over(agents[0])
    form = w.service.asked("/next")[0].form
    assert (
        form.items()
        >= {
            "DialCallStatus": "completed",
            "DialBridged": "true",
            "DialCallDuration": "90",
            "DialCallSid": caller.sid,
        }.items()
    )
    assert words(agents[0]) == ["next please"]
    assert w.service.asked("/left")[0].form["CallStatus"] == "completed"


async def test_a_redirect_by_rest_parts_them_asks_the_old_action_in_vain_and_then_fetches_the_new_document(
    world: MakeWorld,
) -> None:
    w = world(LINE)
    caller = w.ring()
    agents = agent_rings(w, 10)
    w.later(60, lambda: w.rest.calls.update(caller.sid, {"Url": f"{PUBLIC_URL}/far"}))
    await w.until_over(caller)
    await w.until_over(agents[0])
    order = [(asked.path, round(asked.at - 60, 2)) for asked in w.wire.asked if asked.at >= 60]
    assert order[:3] == [("/next", 0.17), ("/left", 0.32), ("/far", 0.65)]
    assert w.service.asked("/left")[0].form["QueueResult"] == "redirected-from-bridged"
    assert "DialCallDuration" not in w.service.asked("/next")[0].form
    assert words(caller)[-1] == "far away"
    assert "goodbye now" not in words(caller)


async def test_a_redirect_while_waiting_is_told_as_redirected(world: MakeWorld) -> None:
    w = world(LINE)
    caller = w.ring()
    w.later(10, lambda: w.rest.calls.update(caller.sid, {"Url": f"{PUBLIC_URL}/far"}))
    await w.until_over(caller)
    assert w.service.asked("/left")[0].form["QueueResult"] == "redirected"
    assert words(caller)[-1] == "far away"


async def test_an_agent_who_goes_during_the_whisper_leaves_the_bridge_in_process(world: MakeWorld) -> None:
    w = world({**LINE, "/whisper": '<Pause length="5"/>'})
    caller = w.ring()
    agents = agent_rings(w, 10)
    w.later(12, lambda: agents[0].hang_up())
    await w.until_over(caller)
    assert w.service.asked("/left")[0].form["QueueResult"] == "bridging-in-process"
    assert words(caller)[-1] == "goodbye now"


async def test_an_empty_queue_is_waited_at_until_the_time_out(world: MakeWorld) -> None:
    w = world(LINE)
    w.exchange.queue("billing")
    agent = w.ring("/agent", name="agent")
    await w.until_over(agent)
    assert w.service.asked("/next")[0].form["DialCallStatus"] == "no-answer"
    assert w.wire.asked[-1].at == 60


async def test_who_waits_at_an_empty_queue_gets_the_caller_who_comes(world: MakeWorld) -> None:
    w = world(LINE)
    w.exchange.queue("billing")
    agent = w.ring("/agent", name="agent")
    callers: list[Leg] = []
    w.later(20, lambda: callers.append(w.ring()))
    w.later(50, lambda: callers[0].hang_up())
    await w.until_over(agent)
    assert w.service.asked("/whisper")[0].form["QueueTime"] == "0"
    assert w.service.asked("/next")[0].form["DialCallDuration"] == "30"


async def test_a_queue_nobody_ever_named_fails_the_dialling(world: MakeWorld) -> None:
    w = world(LINE)
    agent = w.ring("/agent", name="agent")
    await w.until_over(agent)
    assert w.service.asked("/next")[0].form["DialCallStatus"] == "failed"


@pytest.mark.parametrize(("star", "result"), [("on", ["goodbye now"]), ("away", [])])
async def test_the_star_leaves_the_bridge_where_it_is_on_and_both_fates_of_the_caller_are_played(
    world: MakeWorld, star: str, result: list[str]
) -> None:
    w = world({**LINE, "/agent": AGENT.replace("<Dial", '<Dial hangupOnStar="true"')}, star=star)
    caller = w.ring()
    agents = agent_rings(w, 10)
    w.later(30, lambda: agents[0].press("*"))
    await w.until_over(caller)
    await w.until_over(agents[0])
    assert words(agents[0]) == ["next please"]
    assert [text for text in words(caller) if text == "goodbye now"] == result


async def test_the_star_does_nothing_where_it_is_off(world: MakeWorld) -> None:
    w = world(LINE)
    caller = w.ring()
    agents = agent_rings(w, 10)
    w.later(30, lambda: agents[0].press("*"))
    w.later(90, caller.hang_up)
    await w.until_over(caller)
    await w.until_over(agents[0])
    assert w.service.asked("/next")[0].form["DialCallDuration"] == "80"
