// node join_requests.js > REQUESTS.json
// Makes join requests for today: two users of one meeting, one of them muted, at each service that has an official
// package. The keys are random, so that no prepared answer passes.
const crypto = require("crypto");

const hex = (bytes) => crypto.randomBytes(bytes).toString("hex");
const all = { microphone: true, camera: true, screen: true, data: true, subscribe: true };
const users = [
  { user_id: "alice", number: 1, name: "Alice", rights: all },
  { user_id: "bob_2", number: 2, rights: { ...all, microphone: false } },
];
const accounts = [
  { provider: "livekit", mode: "", key_id: "APIverify", key_secret: hex(24) },
  { provider: "agora", mode: "cohost", key_id: hex(16), key_secret: hex(16) },
  { provider: "tencent", mode: "private_map_key", key_id: "1400000000", key_secret: hex(32) },
];
const channel_id = `switchboard-${hex(8)}`;
const requests = accounts.flatMap((account) =>
  users.map((user) => ({
    id: `${account.provider}-${user.user_id}`,
    variant: "join",
    inputs: {
      ...account,
      ...user,
      url: "wss://rtc.example.org",
      channel_id,
      salt: crypto.randomInt(2 ** 32),
      now_ms: Date.now(),
      ttl_seconds: 600,
    },
  })),
);
console.log(JSON.stringify(requests, null, 1));
