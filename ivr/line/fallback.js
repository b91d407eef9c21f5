// What Twilio asks when it cannot reach the service: a Twilio Function, to be kept as Protected, so that only
// Twilio can ask it. Printed by `ivr connect --print-fallback function`; print it anew after publishing a book.
const GIVEN = {};

const LONGEST_QUEUE_NAME = 63;

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[\p{Cc}\p{Cs}]/gu, "").replace(/[&<>"]/g, (sign) => SIGNS[sign]);

const address = (path, query) => {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return escaped(`${GIVEN.service}${path}?${pairs.join("&")}${GIVEN.overrides}`);
};

// A queue the book does not name has the default's words and workflow.
const known = (queue) => (Object.hasOwn(GIVEN.words, queue) ? queue : "default");

// The verb that lets a caller wait on, without our addresses; where the agents are TaskRouter's, as its task.
const waiting = (queue, query) => {
  const workflow = query.workflow || GIVEN.workflows[known(queue)];
  if (!/^WW[0-9a-f]{32}$/.test(workflow)) {
    return `<Enqueue>${escaped([...queue].slice(0, LONGEST_QUEUE_NAME).join(""))}</Enqueue>`;
  }
  const task = escaped(JSON.stringify({ queue, locale: nearest(query.locale) }));
  return `<Enqueue workflowSid="${workflow}"><Task>${task}</Task></Enqueue>`;
};

const nearest = (asked) =>
  GIVEN.locales.find((locale) => locale === asked) ??
  GIVEN.locales.find((locale) => locale.split("-")[0] === (asked ?? "").split("-")[0]) ??
  GIVEN.locales[0];

// The address that failed: its path as ours, and what it asked. Anything unreadable counts as no address.
function failed(errorUrl) {
  try {
    const url = new URL(errorUrl);
    const below = new URL(GIVEN.service).pathname.replace(/\/$/, "");
    const path = url.pathname.startsWith(below) ? url.pathname.slice(below.length) : url.pathname;
    return { path, query: Object.fromEntries(url.searchParams) };
  } catch {
    return { path: "", query: {} };
  }
}

function answer(errorUrl, queueResult) {
  const { path, query } = failed(errorUrl);
  const queue = query.queue || "default";
  const { mishap, fallback } = GIVEN.words[known(queue)][nearest(query.locale)];
  const first = !("mishap" in query) && path !== "/voice/fallback";
  if (path === "/voice/farewell/done") {
    return "<Hangup/>"; // the goodbye has been heard: nothing is left to say
  }
  if (first && (path === "/voice/agent" || path.startsWith("/voice/agent/"))) {
    // An agent whose caller hears the farewell goes on waiting for that caller, not for the next one.
    const again = path === "/voice/agent/next" ? { ...query, mishap: 1 } : { queue, mishap: 1 };
    return `${mishap}<Pause length="2"/><Redirect>${address(path, again)}</Redirect>`;
  }
  // From the front of a queue into the queue itself: they wait, as before.
  const moved = path === "/voice/queue-left" && "front" in query && queueResult === "leave";
  if (first && (moved || ["/voice/incoming", "/voice/wait", "/voice/wait/key", "/voice/bridging"].includes(path))) {
    return `${mishap}${waiting(queue, query)}${fallback}<Hangup/>`;
  }
  return `${fallback}<Hangup/>`;
}

exports.handler = (context, event, callback) => {
  const response = new Twilio.Response();
  response.appendHeader("Content-Type", "text/xml");
  response.setBody(
    `<?xml version="1.0" encoding="UTF-8"?><Response>${answer(event.ErrorUrl, event.QueueResult)}</Response>`,
  );
  callback(null, response);
};
