/** @file A laptop stack for the tests, on free ports. It can be stopped and started again on the same addresses. */
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until } from "./until.js";

const WORKSPACE = new URL("../..", import.meta.url).pathname;

/** Starts a stack. Its table survives a restart. */
export async function startStack() {
  const scratch = mkdtempSync(join(tmpdir(), "switchboard-browser-"));
  const stack = new Stack(scratch);
  await stack.start();
  return stack;
}

class Stack {
  #scratch;
  #process;
  #addresses = { mqtt: "127.0.0.1:0", http: "127.0.0.1:0" };

  constructor(scratch) {
    this.#scratch = scratch;
    this.log = join(scratch, "log");
  }

  async start() {
    const readyFile = join(this.#scratch, "ready.json");
    const { mqtt, http } = this.#addresses;
    const program = process.env.SWITCHBOARD_TEST_STACK ?? join(WORKSPACE, "target/debug/local");
    const extra = (process.env.SWITCHBOARD_TEST_STACK_ARGUMENTS ?? "").split(" ").filter(Boolean);
    const state = join(this.#scratch, "state");
    const log = openSync(this.log, "a");
    this.#process = spawn(
      program,
      [
        "up",
        "--no-build",
        "--mqtt",
        mqtt,
        "--http",
        http,
        "--state",
        state,
        "--ready-file",
        readyFile,
        "--sfu",
        // The tests call the same users more often than people do.
        ...["InvitationsPerMinute", "InvitationsPerHour", "UnansweredRingsPerHour"].flatMap((name) => ["--parameter", `${name}=1000`]),
        ...extra,
      ],
      { cwd: WORKSPACE, stdio: ["ignore", "ignore", log] },
    );
    const { exitCode } = this.#process;
    this.ready = await until("the stack is ready", () => {
      if (this.#process.exitCode !== exitCode)
        throw new Error(`the stack exited before it was ready:\n${readFileSync(this.log, "utf8").slice(-2000)}`);
      return read(readyFile);
    });
    this.#addresses = { mqtt: this.ready.mqtt, http: new URL(this.ready.http).host };
  }

  /** Address of the page. */
  get url() {
    return this.ready.http;
  }

  /** Stops the stack with SIGTERM and waits for its end. */
  async stop() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await ended;
  }

  /** Advances the stack's clock by `ms` milliseconds. */
  async advance(ms) {
    await fetch(`${this.url}/local/clock`, { method: "POST", body: JSON.stringify({ advance_ms: ms }) });
  }

  /** Stops the stack and deletes its files. */
  async close() {
    if (this.#process.exitCode === null) await this.stop();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
