// node check_refusals.js MINT
// Sends the minters requests with invalid inputs, one at a time. Each must be refused by its id, with exit code 1 and no
// token, and the message must contain neither the key nor the invalid name.
const assert = require("assert");
const { spawnSync } = require("child_process");

const [mint] = process.argv.slice(2);
const KEY = "5cfd2fd1755d40ecb72977518be15d3b";
const rights = { microphone: true, camera: true, screen: true, data: true, subscribe: true };
const valid = {
  url: "wss://rtc.example.org",
  key_id: "970ca35de60c44645bbae8a215061b33",
  key_secret: KEY,
  channel_id: "sb-1",
  user_id: "alice",
  number: 1,
  rights,
  now_ms: 1_767_225_600_400,
};
const DAY = 86_400;

/** Mistake, changed inputs, and a pattern for the message of the refusal. */
const refused = [
  ["a negative life", { ttl_seconds: -600 }, /-600/],
  ["no life", { ttl_seconds: 0 }, /life/],
  ["a life of more than a day", { ttl_seconds: DAY + 1 }, /life/],
  ["a life past 32 bits", { ttl_seconds: 2 ** 32 }, /4294967296/],
  ["a clock before 1970", { now_ms: -1 }, /time -1 ms/],
  ["an empty user id", { user_id: "" }, /user_id is empty/],
  ["a user id that is too long", { user_id: "xyzzy".repeat(60) }, /user_id has 300 bytes/],
  ["a channel id that is too long", { channel_id: "xyzzy".repeat(60) }, /channel_id has 300 bytes/],
  ["no key", { key_secret: "" }, /RTC_KEY_SECRET/],
  ["a mode of another service", { mode: "xyzzy" }, /RTC_MODE/],
];
const cases = [
  ["an unknown provider", { provider: "zoom" }, /zoom/],
  ...["livekit", "alibaba", "agora", "tencent", "janus"].flatMap((provider) =>
    refused.map(([what, wrong, why]) => [
      `${provider}: ${what}`,
      { provider, ...(provider === "tencent" && { key_id: "1400000000" }), ...wrong },
      why,
    ]),
  ),
  ...["alibaba", "agora", "tencent", "janus"].map((provider) => [
    `${provider}: a user id outside the alphabet`,
    { provider, ...(provider === "tencent" && { key_id: "1400000000" }), user_id: "xyzzy:é" },
    /user_id has a character at byte 5/,
  ]),
  ["agora: a malformed key", { provider: "agora", key_secret: "xyzzy" }, /RTC_KEY_SECRET/],
  ["agora: a user without a number", { provider: "agora", number: 0 }, /number/],
  ["tencent: a malformed application id", { provider: "tencent", key_id: "xyzzy" }, /RTC_KEY_ID/],
];

let failed = 0;
for (const [what, wrong, why] of cases) {
  try {
    const request = [{ id: "one", variant: "join", inputs: { ...valid, ...wrong } }];
    const { status, stdout, stderr } = spawnSync(mint, { input: JSON.stringify(request), encoding: "utf8" });
    assert.deepStrictEqual([status, JSON.parse(stdout)], [1, {}], "the request was not refused");
    assert.match(stderr, why);
    assert(stderr.startsWith("one: ") && !/xyzzy/.test(stderr) && !stderr.includes(KEY), stderr);
  } catch (error) {
    failed++;
    console.log("FAIL", what, "-", String(error.message).slice(0, 300));
  }
}
console.log(`refusals: ${cases.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
