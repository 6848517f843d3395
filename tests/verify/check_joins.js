// node check_joins.js REQUESTS.json JOINS.json
// Checks new `join` objects with the vendors' packages: they must accept each token, read exactly the requested rights in
// it, and make the same token themselves.
const fs = require("fs");
const assert = require("assert");
const packages = require("./packages.js");

const [requestsFile, joinsFile] = process.argv.slice(2);
const requests = JSON.parse(fs.readFileSync(requestsFile));
const joins = JSON.parse(fs.readFileSync(joinsFile));

const providers = {
  async livekit(join, { key_id, key_secret, channel_id, user_id, name, rights, ttl_seconds }, now) {
    const claims = await packages.livekitClaims(join.token, key_id, key_secret, now);
    const { microphone, camera, screen } = rights;
    const sources = [
      ["microphone", microphone],
      ["camera", camera],
      ["screen_share", screen],
      ["screen_share_audio", screen && microphone],
    ];
    assert.deepStrictEqual(claims, {
      iss: key_id,
      sub: user_id,
      ...(name && { name }),
      nbf: now,
      exp: now + ttl_seconds,
      video: {
        roomJoin: true,
        room: channel_id,
        canPublish: true,
        canPublishSources: sources.filter(([, granted]) => granted).map(([source]) => source),
        canPublishData: rights.data,
        canSubscribe: rights.subscribe,
      },
    });
    await assert.rejects(packages.livekitClaims(join.token, key_id, `${key_secret}x`, now));
    await assert.rejects(packages.livekitClaims(join.token, key_id, key_secret, now + ttl_seconds + 11));
    await assert.rejects(packages.livekitClaims(join.token, key_id, key_secret, now - 11));
  },

  async agora(join, { key_id, key_secret, channel_id, number, rights, ttl_seconds }, now) {
    const { salt } = packages.agoraToken(join.token, key_secret);
    const granted = [true, rights.microphone, rights.camera || rights.screen, rights.data];
    const theirs = packages.agoraContent({
      appId: key_id,
      certificate: key_secret,
      issued: now,
      expire: ttl_seconds,
      salt,
      channel: channel_id,
      uid: number,
      privileges: [1, 2, 3, 4].filter((privilege) => granted[privilege - 1]),
    });
    assert.equal(packages.inflated(join.token, "007").toString("hex"), theirs);
    assert.deepStrictEqual(join.params, { app_id: key_id, uid: number });
  },

  async tencent(join, { key_id, key_secret, channel_id, user_id, rights, ttl_seconds }, now) {
    const sdkAppId = Number(key_id);
    const bits = [
      [1 + 2, true],
      [4, rights.microphone],
      [8 + 32 + 128, rights.subscribe],
      [16, rights.camera],
      [64, rights.screen],
    ];
    const theirs = packages.tencentKeys({
      sdkAppId,
      key: key_secret,
      user: user_id,
      room: channel_id,
      expire: ttl_seconds,
      privileges: bits.reduce((sum, [bit, granted]) => (granted ? sum + bit : sum), 0),
      now,
    });
    const read = (token) => packages.tencentJson(token, sdkAppId, key_secret);
    assert.deepStrictEqual(read(join.token), theirs.userSig);
    assert.deepStrictEqual(read(join.params.private_map_key), theirs.privateMapKey);
    assert.equal(join.params.sdk_app_id, sdkAppId);
  },
};

(async () => {
  let failed = 0;
  for (const { id, inputs } of requests) {
    try {
      const join = joins[id];
      assert(join, "no join was made for it");
      assert.equal(join.rights_enforced, true);
      await providers[inputs.provider](join, inputs, Math.floor(inputs.now_ms / 1000));
    } catch (error) {
      failed++;
      console.log("FAIL", id, "-", String(error.message).slice(0, 600));
    }
  }
  console.log(`joins of today: ${requests.length - failed} passed, ${failed} failed`);
  process.exit(failed || !requests.length ? 1 : 0);
})();
