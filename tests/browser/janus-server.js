/** @file A real Janus on loopback with one room, and the tokens that it accepts. */
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until } from "./until.js";

const PLUGIN = "janus.plugin.videoroom";
const SECRET = "a secret of the gateway";
const ROOM = "sb-room";

/** Starts Janus on a free port. Its signed tokens expire by the clock of this machine. */
export async function startJanus() {
  const folder = mkdtempSync(join(tmpdir(), "switchboard-janus-"));
  const port = await freePort();
  for (const [name, text] of Object.entries(configuration(folder, port))) writeFileSync(join(folder, name), text);
  const log = openSync(join(folder, "log"), "w");
  const child = spawn("janus", ["--configs-folder", folder], { stdio: ["ignore", log, log] });
  await until("janus takes connections", () => {
    if (child.exitCode !== null) throw new Error(`janus ended:\n${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`);
    return /WebSockets thread started|Sessions watchdog started/.test(readFileSync(join(folder, "log"), "utf8"));
  });
  return {
    url: `ws://127.0.0.1:${port}`,
    /** Returns the `join` of an account, as the service makes it, with tokens that end after `seconds`. */
    join(account, seconds) {
      const expires = Math.floor(Date.now() / 1000) + seconds;
      return {
        provider: "janus",
        url: this.url,
        token: signed(expires, PLUGIN, `room=${ROOM}`),
        token_expires_in_ms: seconds * 1000,
        user_id: account,
        params: { room: ROOM, core_token: signed(expires, "janus", PLUGIN), participant_id: `p-${account}` },
      };
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function signed(...parts) {
  const text = parts.join(",");
  return `${text}:${createHmac("sha1", SECRET).update(text).digest("base64")}`;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function configuration(folder, port) {
  return {
    "janus.jcfg": `
      general: {
        configs_folder = "${folder}"
        debug_level = 4
        token_auth = true
        token_auth_secret = "${SECRET}"
        session_timeout = 60
      }
      nat: { full_trickle = true, ice_enforce_list = "lo" }
      plugins: {
        disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so"
      }
      transports: {
        disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so"
      }
      loggers: { disable = "libjanus_jsonlog.so" }
      `,
    "janus.transport.websockets.jcfg": `
      general: { ws = true, ws_port = ${port}, ws_ip = "127.0.0.1", wss = false }
      admin: { admin_ws = false, admin_wss = false }
      `,
    "janus.plugin.videoroom.jcfg": `
      general: { string_ids = true }
      room-${ROOM}: { description = "room", publishers = 6, signed_tokens = true }
      `,
  };
}
