/**
 * @file Carries a terminal over mqtt.js. Each connection is a client of its own: what is sent again, and when to connect
 * again, is the terminal's to decide, and each connect gets a fresh token.
 */

/** Of MQTT 5: another client has connected under this client ID. */
const SESSION_TAKEN_OVER = 0x8e;
/** Life of a session without a connection; the broker may shorten it. */
const SESSION_SECONDS = 7 * 24 * 3600;

/**
 * @param {object} mqtt the module `mqtt` (mqtt.js 5)
 * @param {object} options
 * @param {string} options.url `ws://` or `wss://`
 * @param {() => string | Promise<string>} options.token the app's own JWT, asked for at each connect
 * @param {string} [options.userName] in AWS, `?x-amz-customauthorizer-name=…`; free elsewhere
 * @param {number} [options.keepAliveSeconds]
 * @param {number} [options.timeoutMs] how long a connect may take
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
              ? { code: "taken_over", message: "this device has connected somewhere else" }
              : { code: "lost", message: `the broker closed the connection (${reasonCode})` };
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
    // Errors of sockets come as events; without a listener they would be thrown. The first word counts.
    client.on("error", (error) => reject(connectError(error)));
    client.once("close", () =>
      reject(Object.assign(new Error("the broker cannot be reached"), { code: "unreachable" })),
    );
  });
}

async function subscribed(client, topics) {
  const granted = await client.subscribeAsync(topics, { qos: 1 });
  if (granted.some(({ qos }) => qos > 2)) {
    throw Object.assign(new Error("the broker refused the terminal's own topics"), { code: "not_subscribed" });
  }
}

/** A broker that says no has a number; a network that says no has none. */
function connectError(error) {
  const code = typeof error.code === "number" ? "refused" : "unreachable";
  return Object.assign(new Error(error.message || "the broker cannot be reached"), { code, reasonCode: error.code });
}
