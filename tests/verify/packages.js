// Checks of tokens by the vendors' own packages. Every function throws when its package refuses the token.
const assert = require("assert");
const zlib = require("zlib");
const clock = require("./clock.js");
const livekit = require("livekit-server-sdk");
const agora = require("agora-token/src/AccessToken2.js");
const { Api } = require("tls-sig-api-v2");

/** Decodes padded standard base64; throws on any other text. */
function base64(text) {
  assert(/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0, "not padded standard base64");
  return Buffer.from(text, "base64");
}

/** Decodes a token: a version, then base64 of a zlib stream. */
function inflated(token, version) {
  assert(token.startsWith(version), `not version ${version}`);
  return zlib.inflateSync(base64(token.slice(version.length)));
}

/** LiveKit: the claims of a token that its verifier accepts at `now`. */
async function livekitClaims(token, key, secret, now) {
  clock.stopAt(now);
  const header = JSON.parse(Buffer.from(token.split(".")[0], "base64url"));
  assert.equal(header.alg, "HS256");
  return JSON.parse(JSON.stringify(await new livekit.TokenVerifier(key, secret).verify(token)));
}

/** LiveKit: its receiver accepts the callback with this body, and refuses another body. */
async function livekitWebhook(token, body, key, secret, now) {
  clock.stopAt(now);
  const receiver = new livekit.WebhookReceiver(key, secret);
  await receiver.receive(body, token);
  await assert.rejects(receiver.receive(`${body} `, token));
}

/** Agora: parses a token and checks its signature. */
function agoraToken(token, certificate) {
  const parsed = new agora.AccessToken2("", "", 0, 0);
  assert(parsed.from_string(token), "Agora's package cannot read it");
  assert(parsed.verifySignature(certificate), "Agora's package says that the signature is wrong");
  const altered = certificate.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  assert(!parsed.verifySignature(altered), "Agora's package accepts another certificate");
  return parsed;
}

/** Agora: the content of the token that its own package makes from these inputs. */
function agoraContent({ appId, certificate, issued, expire, salt, channel, uid, privileges }) {
  const theirs = new agora.AccessToken2(appId, certificate, issued, expire);
  theirs.salt = salt;
  const service = new agora.ServiceRtc(channel, uid);
  for (const privilege of privileges) service.add_privilege(privilege, expire);
  theirs.add_service(service);
  return inflated(theirs.build(), "007").toString("hex");
}

/** Tencent: the JSON in a UserSig or PrivateMapKey; its package must compute the same signature. */
function tencentJson(token, sdkAppId, key) {
  assert(/^[A-Za-z0-9*\-_]+$/.test(token), "not Tencent's alphabet");
  const plain = token.replace(/\*/g, "+").replace(/-/g, "/").replace(/_/g, "=");
  const json = JSON.parse(zlib.inflateSync(base64(plain)));
  const { "TLS.identifier": user, "TLS.time": time, "TLS.expire": expire, "TLS.userbuf": buffer } = json;
  const signature = new Api(sdkAppId, key)._hmacsha256(user, time, expire, buffer ?? null);
  assert.equal(json["TLS.sig"], signature, "Tencent's package computes another signature");
  return json;
}

/** Tencent: both keys as its own package makes them at `now`. */
function tencentKeys({ sdkAppId, key, user, room, expire, privileges, now }) {
  clock.stopAt(now);
  const api = new Api(sdkAppId, key);
  const json = (token) => tencentJson(token, sdkAppId, key);
  return {
    userSig: json(api.genUserSig(user, expire)),
    privateMapKey: json(api.genPrivateMapKeyWithStringRoomID(user, expire, room, privileges)),
  };
}

module.exports = {
  base64,
  inflated,
  livekitClaims,
  livekitWebhook,
  agoraToken,
  agoraContent,
  tencentJson,
  tencentKeys,
};
