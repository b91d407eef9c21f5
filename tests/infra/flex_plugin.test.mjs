// The plugin against a pretend Flex, and its Function against a pretend service; both speak real HTTP on loopback.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Module, { createRequire } from "node:module";
import { afterEach, test } from "node:test";

const root = new URL("../../infra/flex-plugin/", import.meta.url);
// The plugin's files are modules only to its own builder, so this one is read as a text.
const source = readFileSync(new URL("src/farewell.js", root), "utf8");
const { farewell } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const CALL = `CA${"1".repeat(32)}`;
const WHERE = { service: "https://calls.example.com" };
const servers = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that keeps what it was asked and answers with `answer(request)`: [status, body], or nothing at all. */
async function serve(answer) {
  const asked = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      const given = answer();
      if (given) response.writeHead(given[0], { "Content-Type": "application/json" }).end(given[1]);
    });
  });
  servers.push(server);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { asked, url: `http://127.0.0.1:${server.address().port}` };
}

/** Flex, as far as the plugin sees it. `act` says whether the action itself was carried out. */
function pretendFlex() {
  const listeners = {};
  return {
    Actions: {
      addListener: (name, listener) => (listeners[name] ??= []).push(listener),
    },
    TaskHelper: {
      isCallTask: (task) => task.taskChannelUniqueName === "voice",
      getTaskByTaskSid: (sid) => (sid === "WR1" ? task() : undefined),
    },
    async act(name, payload) {
      let goesOn = true;
      for (const listener of listeners[`before${name}`] ?? []) await listener(payload, () => (goesOn = false));
      return goesOn;
    },
  };
}

const manager = { store: { getState: () => ({ flex: { session: { ssoTokenPayload: { token: "signed in" } } } }) } };

const task = (more = {}) => ({
  sid: "WR1",
  taskChannelUniqueName: "voice",
  attributes: { call_sid: CALL, farewell: { name: "Ana" } },
  conference: { liveWorkerCount: 1 },
  ...more,
});

async function plugged(answer, patience) {
  const flex = pretendFlex();
  const service = await serve(answer);
  farewell(flex, manager, { ...WHERE, farewell: `${service.url}/farewell` }, patience);
  return { flex, asked: service.asked };
}

const said = (state, way) => () => [202, JSON.stringify({ state, way })];

test("an accepted call's room tells the service what happens in it", async () => {
  const { flex } = await plugged(said("started", "together"));
  const conferenceOptions = { from: "+442079460000" };
  assert.equal(await flex.act("AcceptTask", { task: task(), conferenceOptions }), true);
  assert.deepEqual(conferenceOptions, {
    from: "+442079460000",
    conferenceStatusCallback: "https://calls.example.com/events/conference#rc=5&rp=all&rt=3000&tt=15000",
    conferenceStatusCallbackMethod: "POST",
    conferenceStatusCallbackEvent: "start,end,join,leave,mute,hold",
  });
});

test("a chat is accepted as ever", async () => {
  const { flex } = await plugged(said("started", "together"));
  const payload = { task: task({ taskChannelUniqueName: "chat" }) };
  assert.equal(await flex.act("AcceptTask", payload), true);
  assert.equal("conferenceOptions" in payload, false);
});

test("a farewell that both hear keeps the call until the service ends it", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  assert.equal(await flex.act("HangupCall", { task: task() }), false);
  assert.equal(asked.length, 1);
  const sent = Object.fromEntries(new URLSearchParams(asked[0].body));
  assert.deepEqual(sent, { Token: "signed in", call: CALL, wrapup: '{"name":"Ana"}' });
  assert.match(asked[0].headers["content-type"], /^application\/x-www-form-urlencoded/);
});

test("a second press hangs up at once and asks nobody", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  await flex.act("HangupCall", { task: task() });
  assert.equal(await flex.act("HangupCall", { task: task() }), true);
  assert.equal(await flex.act("WrapupTask", { task: task() }), true);
  assert.equal(asked.length, 1);
});

test("the next call is asked about again", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  await flex.act("HangupCall", { task: task() });
  assert.equal(await flex.act("HangupCall", { task: task({ sid: "WR2" }) }), false);
  assert.equal(asked.length, 2);
});

for (const [state, way] of [["started", "aside"], ["started", "after"], ["kept", "together"], ["kept", "after"]]) {
  test(`the hang-up goes on when the answer is ${state}, ${way}`, async () => {
    const { flex } = await plugged(said(state, way));
    assert.equal(await flex.act("HangupCall", { task: task() }), true);
  });
}

for (const [what, answer] of [
  ["too late", () => [409, '{"detail": "nothing: the call was already over"}']],
  ["a fault", () => [503, "no JSON"]],
  ["null", () => [200, "null"]],
]) {
  test(`the hang-up goes on after ${what}`, async () => {
    const { flex } = await plugged(answer);
    assert.equal(await flex.act("HangupCall", { task: task() }), true);
  });
}

test("the hang-up waits for an answer no longer than it may", async () => {
  const { flex } = await plugged(() => null, 150);
  const began = performance.now();
  assert.equal(await flex.act("HangupCall", { task: task() }), true);
  assert.ok(performance.now() - began < 2000);
});

test("the hang-up goes on when nobody is there, or nobody is signed in", async () => {
  const flex = pretendFlex();
  farewell(flex, manager, { ...WHERE, farewell: "http://127.0.0.1:9/farewell" });
  assert.equal(await flex.act("HangupCall", { task: task() }), true);
  const signedOut = pretendFlex();
  farewell(signedOut, { store: { getState: () => ({ flex: { session: {} } }) } }, WHERE);
  assert.equal(await signedOut.act("HangupCall", { task: task() }), true);
});

test("one of two workers who leaves after a transfer begins no farewell", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  assert.equal(await flex.act("HangupCall", { task: task({ conference: { liveWorkerCount: 2 } }) }), true);
  assert.equal(asked.length, 0);
});

test("a chat is closed as ever", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  assert.equal(await flex.act("WrapupTask", { task: task({ taskChannelUniqueName: "chat" }) }), true);
  assert.equal(asked.length, 0);
});

test("with a telephone of its own kind, wrapping up says goodbye too", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  assert.equal(await flex.act("WrapupTask", { sid: "WR1" }), false);
  assert.equal(new URLSearchParams(asked[0].body).get("call"), CALL);
});

test("a call that Flex placed is known by its room, and one with nothing noted is wrapped up empty", async () => {
  const { flex, asked } = await plugged(said("started", "together"));
  const attributes = { conference: { participants: { customer: CALL, worker: "CA2" } } };
  await flex.act("HangupCall", { task: task({ attributes }) });
  const sent = new URLSearchParams(asked[0].body);
  assert.deepEqual([sent.get("call"), sent.get("wrapup")], [CALL, "{}"]);
});

// --- the Function --------------------------------------------------------------------------------

const load = Module._load;
Module._load = (name, ...rest) =>
  name === "twilio-flex-token-validator"
    ? { functionValidator: (handler) => (context, event, callback) => handler(context, event, callback) }
    : load(name, ...rest);
globalThis.Twilio = {
  Response: class {
    headers = {};
    appendHeader = (name, value) => (this.headers[name] = value);
    setStatusCode = (status) => (this.status = status);
    setBody = (body) => (this.body = body);
  },
};
const { handler } = createRequire(import.meta.url)(new URL("serverless/functions/farewell.js", root).pathname);

const run = (url, event) =>
  new Promise((answered, failed) => {
    handler({ IVR_PUBLIC_URL: `${url}/`, IVR_TOKEN: "a token" }, event, (error, response) =>
      error ? failed(error) : answered(response),
    );
  });

test("the Function adds the token and passes the answer back", async () => {
  const service = await serve(said("started", "together"));
  const response = await run(service.url, { Token: "signed in", call: CALL, wrapup: '{"name":"Ana"}' });
  assert.deepEqual(service.asked.map(({ method, url, body }) => [method, url, body]), [
    ["POST", `/api/calls/${CALL}/wrapup`, '{"name":"Ana"}'],
  ]);
  assert.equal(service.asked[0].headers.authorization, "Bearer a token");
  assert.equal(service.asked[0].headers["content-type"], "application/json");
  assert.deepEqual([response.status, response.body], [202, { state: "started", way: "together" }]);
  assert.equal(response.headers["Access-Control-Allow-Origin"], "*");
});

test("the Function asks for nothing but a call's wrap-up", async () => {
  const service = await serve(said("started", "together"));
  for (const call of [undefined, "", "CA1", `${CALL}/hold`, "../people", CALL.replace("CA", "SM")]) {
    assert.equal((await run(service.url, { call })).status, 422);
  }
  assert.equal(service.asked.length, 0);
});

test("the Function says so when the service is away or speaks no JSON", async () => {
  assert.equal((await run("http://127.0.0.1:9", { call: CALL })).status, 504);
  const service = await serve(() => [503, "not JSON"]);
  assert.equal((await run(service.url, { call: CALL })).status, 504);
});
