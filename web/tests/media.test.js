/** @file Which adapter a `join` is for, and what WHIP's answers mean. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { adapterFor, openMedia } from "../media/adapter.js";
import { postOffer } from "../media/whip.js";

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

test("a LiveKit url over HTTP is the laptop's own server, over a WebSocket a real one", () => {
  assert.equal(adapterFor({ provider: "livekit", url: "http://127.0.0.1:8080/sfu" }), "sfu");
  assert.equal(adapterFor({ provider: "livekit", url: "wss://rtc.example" }), "livekit");
  assert.equal(adapterFor({ provider: "janus", url: "ws://127.0.0.1:8188" }), "janus");
  assert.equal(adapterFor({ provider: "agora", url: "" }), undefined);
});

test("a provider without an adapter is said to be one", async () => {
  await assert.rejects(openMedia({ join: { provider: "agora", url: "" }, local: {} }), { code: "unsupported" });
  await assert.rejects(openMedia({ join: { provider: "toString", url: "" }, local: {} }), { code: "unsupported" });
});

test("an offer is posted with the token, and the place is where the answer says", async () => {
  let asked;
  globalThis.fetch = async (url, options) => {
    asked = { url, ...options };
    const response = new Response("answer", { status: 201, headers: { location: "/sfu/whip/7" } });
    Object.defineProperty(response, "url", { value: url });
    return response;
  };
  const place = await postOffer({ url: "http://host/sfu/", token: "t0k" }, "offer");
  assert.deepEqual(place, { sdp: "answer", location: "http://host/sfu/whip/7" });
  assert.deepEqual(
    [asked.url, asked.body, asked.headers.authorization],
    ["http://host/sfu/whip", "offer", "Bearer t0k"],
  );
});

test("each refusal has a name", async () => {
  for (const [status, code] of [
    [400, "refused"],
    [401, "unauthenticated"],
    [403, "over"],
    [503, "full"],
    [500, "unreachable"],
  ]) {
    globalThis.fetch = async () => new Response("{}", { status });
    await assert.rejects(postOffer({ url: "http://host", token: "" }, ""), { code }, String(status));
  }
  globalThis.fetch = async () => {
    throw new TypeError("no network");
  };
  await assert.rejects(postOffer({ url: "http://host", token: "" }, ""), { code: "unreachable" });
});
