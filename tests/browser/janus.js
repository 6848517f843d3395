/** @file The Janus adapter of the page against a real Janus whose tokens end during the call. */
import { startJanus } from "./janus-server.js";
import { environment, scene } from "./scene.js";
import { until } from "./until.js";

/** Lifetime of the tokens, in seconds. The service issues tokens that are valid for ten minutes. */
const TOKEN_SECONDS = 5;

/** Opens a page of the stack's address, whose session sends the sound of the fake microphone. */
async function enter(janus, browser, account) {
  const context = await browser.newContext({ permissions: ["microphone"] });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.connections = [];
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...options) {
        super(...options);
        globalThis.connections.push(this);
      }
    };
  });
  let renewals = 0;
  await page.exposeFunction("renewJoin", () => {
    renewals += 1;
    return janus.join(account, TOKEN_SECONDS);
  });
  await page.goto(environment.stack.url);
  await page.evaluate(async (join) => {
    const { default: JanusSession } = await import("/media/janus.js");
    const [audio] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks();
    const session = new JanusSession({ join, local: { audio, video: null }, renew: () => globalThis.renewJoin() });
    session.addEventListener("peers", ({ detail }) => (globalThis.peers = detail.peers));
    globalThis.session = session;
    await session.connect();
  }, janus.join(account, TOKEN_SECONDS));
  return { account, page, close: () => context.close(), renewals: () => renewals };
}

/** Returns the number of audio packets that came from an account. */
const packetsFrom = ({ page }, account) =>
  page.evaluate(async (of) => {
    const track = globalThis.peers?.find(({ userId }) => userId === of)?.audio;
    let sum = 0;
    for (const connection of track ? globalThis.connections : []) {
      for (const report of (await connection.getStats()).values())
        if (report.type === "inbound-rtp" && report.trackIdentifier === track.id) sum += report.packetsReceived;
    }
    return sum;
  }, account);

async function hears(listener, { account }) {
  const before = await packetsFrom(listener, account);
  await until(`${listener.account} hears ${account}`, async () => (await packetsFrom(listener, account)) > before + 20);
}

/** Returns the error code of Janus for a new session with a token. */
const refusalOf = ({ page }, { url, params }) =>
  page.evaluate(
    ([address, token]) =>
      new Promise((resolve) => {
        const socket = new WebSocket(address, "janus-protocol");
        socket.onopen = () => socket.send(JSON.stringify({ janus: "create", token, transaction: "t" }));
        socket.onmessage = ({ data }) => {
          resolve(JSON.parse(data).error?.code);
          socket.close();
        };
      }),
    [url, params.core_token],
  );

scene("after the end of the first tokens a newcomer to a real Janus is heard and hears all", async () => {
  const janus = await startJanus();
  const people = [];
  try {
    const first = janus.join("somebody", TOKEN_SECONDS);
    for (const account of ["alice", "bob"]) people.push(await enter(janus, environment.browser, account));
    const [alice, bob] = people;
    await hears(alice, bob);
    await until("Janus refuses a token as old as the first ones", async () => (await refusalOf(alice, first)) === 403);
    await until("the tokens are renewed", () => people.every(({ renewals }) => renewals() > 0));
    const carol = await enter(janus, environment.browser, "carol");
    people.push(carol);
    for (const listener of people)
      for (const speaker of people) if (listener !== speaker) await hears(listener, speaker);
  } finally {
    for (const person of people) await person.close();
    await janus.close();
  }
});
