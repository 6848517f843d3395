/** @file Selection of the media adapter, and the WHIP client. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { adapterFor, openMedia } from "../media/adapter.js";
import { postOffer } from "../media/whip.js";

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

test("a LiveKit `join` with an HTTP address uses the SFU adapter, with a WebSocket address the LiveKit adapter", () => {
  assert.equal(adapterFor({ provider: "livekit", url: "http://127.0.0.1:8080/sfu" }), "sfu");
  assert.equal(adapterFor({ provider: "livekit", url: "wss://rtc.example" }), "livekit");
  assert.equal(adapterFor({ provider: "janus", url: "ws://127.0.0.1:8188" }), "janus");
  assert.equal(adapterFor({ provider: "agora", url: "" }), undefined);
});

test("a provider without an adapter is `unsupported`", async () => {
  await assert.rejects(openMedia({ join: { provider: "agora", url: "" }, local: {} }), { code: "unsupported" });
  await assert.rejects(openMedia({ join: { provider: "toString", url: "" }, local: {} }), { code: "unsupported" });
});

test("an offer is posted with the token; the answer gives the session URL", async () => {
  let request;
  globalThis.fetch = async (url, options) => {
    request = { url, ...options };
    const response = new Response("answer", { status: 201, headers: { location: "/sfu/whip/7" } });
    Object.defineProperty(response, "url", { value: url });
    return response;
  };
  const session = await postOffer({ url: "http://host/sfu/", token: "t0k" }, "offer");
  assert.deepEqual(session, { sdp: "answer", location: "http://host/sfu/whip/7" });
  assert.deepEqual(
    [request.url, request.body, request.headers.authorization],
    ["http://host/sfu/whip", "offer", "Bearer t0k"],
  );
});

test("each HTTP status of a refusal has its code", async () => {
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
