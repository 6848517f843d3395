/**
 * @file Transport over mqtt.js. Each connection is a new mqtt.js client without automatic reconnects: the terminal
 * decides when to resend and to reconnect, and each connect gets a fresh token.
 */

/** MQTT 5 reason code: another client connected with the same client ID. */
const SESSION_TAKEN_OVER = 0x8e;
/**
 * Reason codes of a refused login: MQTT 3.1.1 (4, 5) and MQTT 5. Other codes, such as "server busy", may be temporary.
 */
const LOGIN_REFUSALS = new Set([4, 5, 0x86, 0x87, 0x8a, 0x8c]);
/** Session expiry interval, in seconds; the broker may shorten it. */
const SESSION_SECONDS = 7 * 24 * 3600;

/**
 * Returns a transport over mqtt.js 5.
 * @param {object} mqtt the module `mqtt` (mqtt.js 5)
 * @param {object} options
 * @param {string} options.url `ws://` or `wss://`
 * @param {() => string | Promise<string>} options.token returns the app's JWT; called at each connect. An error with code
 *   `refused` means that the app's own login has ended; any other one counts as `unreachable`
 * @param {string} [options.userName] in AWS, `?x-amz-customauthorizer-name=…`; any text elsewhere
 * @param {number} [options.keepAliveSeconds]
 * @param {number} [options.timeoutMs] maximum duration of a connect
 * @returns {import("../terminal.js").Transport}
 */
export function mqttTransport(
  mqtt,
  { url, token, userName = "switchboard", keepAliveSeconds = 30, timeoutMs = 10_000 },
) {
  return {
    async open({ clientId, topics, onMessage, onClose }) {
      const client = mqtt.connect(url, {
        clientId,
        username: userName,
        password: await token(),
        protocolVersion: 5,
        clean: false,
        properties: { sessionExpiryInterval: SESSION_SECONDS },
        keepalive: keepAliveSeconds,
        reconnectPeriod: 0,
        connectTimeout: timeoutMs,
        resubscribe: false,
      });
      client.on("message", (topic, payload) => onMessage(topic, new TextDecoder().decode(payload)));
      try {
        const { sessionPresent } = await connected(client);
        let end = { code: "lost", message: "the connection was lost" };
        client.on("disconnect", ({ reasonCode }) => {
          end =
            reasonCode === SESSION_TAKEN_OVER
              ? { code: "taken_over", message: "another client connected with this client ID" }
              : { code: "lost", message: `the broker closed the connection (reason code ${reasonCode})` };
        });
        client.once("close", () => {
          client.end(true);
          onClose(end);
        });
        await subscribed(client, topics);
        return {
          sessionPresent,
          publish: (topic, text) => client.publish(topic, text, { qos: 1 }),
          close: () => client.end(),
        };
      } catch (error) {
        client.end(true);
        throw error;
      }
    },
  };
}

function connected(client) {
  return new Promise((resolve, reject) => {
    client.once("connect", resolve);
    // mqtt.js throws `error` events that have no listener, so this one stays. Only the first rejection has an effect.
    client.on("error", (error) => reject(connectError(error)));
    client.once("close", () =>
      reject(Object.assign(new Error("the broker cannot be reached"), { code: "unreachable" })),
    );
  });
}

async function subscribed(client, topics) {
  const granted = await client.subscribeAsync(topics, { qos: 1 });
  if (granted.some(({ qos }) => qos > 2)) {
    throw Object.assign(new Error("the broker refused the subscription to the terminal's own topics"), { code: "not_subscribed" });
  }
}

/** Distinguishes a refused login from other failures, which may be temporary. */
function connectError(error) {
  const code = LOGIN_REFUSALS.has(error.code) ? "refused" : "unreachable";
  return Object.assign(new Error(error.message || "the broker cannot be reached"), { code, reasonCode: error.code });
}
