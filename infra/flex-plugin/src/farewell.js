// Flex's side of a farewell: the service hears about the room, and speaks before the call is hung up.

const ROOM_EVENTS = "start,end,join,leave,mute,hold";
const OVERRIDES = "#rc=5&rp=all&rt=3000&tt=15000"; // read by Twilio, never sent
const PATIENCE = 4000; // ms: an agent who hangs up waits for us no longer than this

export function farewell(flex, manager, where, patience = PATIENCE) {
  const told = new Set(); // reservations: a second press hangs up at once, whatever happened to the first

  flex.Actions.addListener("beforeAcceptTask", ({ conferenceOptions }) => {
    if (!conferenceOptions) return; // not a call
    conferenceOptions.conferenceStatusCallback = `${where.service}/events/conference${OVERRIDES}`;
    conferenceOptions.conferenceStatusCallbackMethod = "POST";
    conferenceOptions.conferenceStatusCallbackEvent = ROOM_EVENTS;
  });

  async function sayGoodbye(call, wrapup) {
    const { token } = manager.store.getState().flex.session.ssoTokenPayload;
    const body = new URLSearchParams({ Token: token, call, wrapup: JSON.stringify(wrapup ?? {}) });
    const answer = await fetch(where.farewell, { method: "POST", body, signal: AbortSignal.timeout(patience) });
    return (await answer.json()) ?? {};
  }

  async function beforeLeaving(payload, abort) {
    const task = payload.task ?? flex.TaskHelper.getTaskByTaskSid(payload.sid);
    const call = task?.attributes?.call_sid ?? task?.attributes?.conference?.participants?.customer;
    // One of several workers who leaves, after a transfer, ends nothing for the caller.
    if (!call || !flex.TaskHelper.isCallTask(task) || task.conference?.liveWorkerCount > 1) return;
    if (told.has(task.sid)) return;
    told.add(task.sid);
    const { state, way } = await sayGoodbye(call, task.attributes.farewell).catch(() => ({}));
    if (state === "started" && way === "together") abort(); // the service ends the room after the last word
  }

  // With a telephone in place of the browser's own, Flex asks for WrapupTask where it would for HangupCall.
  flex.Actions.addListener("beforeHangupCall", beforeLeaving);
  flex.Actions.addListener("beforeWrapupTask", beforeLeaving);
}
