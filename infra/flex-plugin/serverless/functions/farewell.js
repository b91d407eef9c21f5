// A Twilio Function between Flex and the service: whoever is signed in to Flex may send a wrap-up, and the token
// of the API stays here. Wants IVR_PUBLIC_URL and IVR_TOKEN in its environment.
const { functionValidator } = require("twilio-flex-token-validator");

const PATIENCE = 3500; // ms: less than the plugin's own, so that it hears from us

exports.handler = functionValidator(async (context, event, callback) => {
  const response = new Twilio.Response();
  response.appendHeader("Access-Control-Allow-Origin", "*"); // what counts is the token, which no cookie holds
  response.appendHeader("Content-Type", "application/json");
  const answer = (status, body) => {
    response.setStatusCode(status);
    response.setBody(body);
    return callback(null, response);
  };
  if (!/^CA[0-9a-f]{32}$/i.test(event.call)) return answer(422, { detail: "call is the caller's CallSid" });
  try {
    const asked = await fetch(`${context.IVR_PUBLIC_URL.replace(/\/+$/, "")}/api/calls/${event.call}/wrapup`, {
      method: "POST",
      headers: { Authorization: `Bearer ${context.IVR_TOKEN}`, "Content-Type": "application/json" },
      body: event.wrapup || "{}",
      signal: AbortSignal.timeout(PATIENCE),
    });
    return answer(asked.status, await asked.json());
  } catch {
    return answer(504, { detail: "the service did not answer in time" });
  }
});
