// node check_all.js VECTORS.json TOKENS.json
// TOKENS.json maps each vector's id to the token minted from its inputs: text, for TURN {username, password}, for signed
// requests the Authorization header. Each is compared by the rule of its vector and checked by the vendor's package, if
// there is one. A missing token is a failure, except for Chime, which the minters do not support.
const fs = require("fs");
const assert = require("assert");
const packages = require("./packages.js");

const [vectorsFile, tokensFile] = process.argv.slice(2);
const vectors = JSON.parse(fs.readFileSync(vectorsFile));
const tokens = JSON.parse(fs.readFileSync(tokensFile));

/** The second padding of an AppToken is not significant. */
const withoutPadding = (hex) => hex.replace(/(00)+$/, "");

async function check({ variant, inputs, expected }, token) {
  switch (variant) {
    case "access-token-jwt-hs256": {
      const claims = await packages.livekitClaims(token, inputs.apiKey, inputs.apiSecret, inputs.now);
      assert.deepStrictEqual(claims, expected.claims);
      break;
    }
    case "webhook-authorization-jwt":
      await packages.livekitWebhook(token, inputs.body, inputs.apiKey, inputs.apiSecret, inputs.now);
      break;
    case "AccessToken2-007":
      assert.equal(packages.inflated(token, "007").toString("hex"), expected.inflatedHex);
      packages.agoraToken(token, inputs.appCertificate);
      break;
    case "UserSig-v2":
    case "UserSig-v2-userbuf":
    case "PrivateMapKey-numeric-room":
    case "PrivateMapKey-string-room":
      assert.deepStrictEqual(packages.tencentJson(token, inputs.sdkAppId, inputs.key), expected.json);
      break;
    case "artc-single-parameter-base64-json":
      assert.deepStrictEqual(JSON.parse(packages.base64(token)), expected.json);
      break;
    case "dingrtc-apptoken-000": {
      const content = packages.inflated(token, "000").toString("hex");
      assert.equal(withoutPadding(content), withoutPadding(expected.inflatedHex));
      break;
    }
    case "turn-rest-hmac-sha1":
      assert.deepStrictEqual(token, expected);
      break;
    default:
      assert.equal(token, expected.token ?? expected.authorization);
  }
}

(async () => {
  let passed = 0;
  let failed = 0;
  let leftOut = 0;
  for (const vector of vectors) {
    if (vector.provider === "chime") {
      leftOut++;
      continue;
    }
    try {
      assert(vector.id in tokens, "no token was minted for it");
      await check(vector, tokens[vector.id]);
      passed++;
    } catch (error) {
      failed++;
      console.log("FAIL", vector.id, "-", String(error.message).slice(0, 300));
    }
  }
  console.log(`vectors: ${passed} passed, ${failed} failed, ${leftOut} of Chime left out`);
  process.exit(failed || !passed ? 1 : 0);
})();
