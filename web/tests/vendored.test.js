/** @file The vendored modules match `vendor/VENDORED.md`. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../vendor/", import.meta.url);

test("each vendored module has the checksum in VENDORED.md", () => {
  const rows = readFileSync(new URL("VENDORED.md", FOLDER), "utf8").matchAll(/^\| `(.+?)` .*\| ([0-9a-f]{64}) \|$/gm);
  const written = Object.fromEntries([...rows].map(([, name, hash]) => [name, hash]));
  const there = readdirSync(FOLDER).filter((name) => name.endsWith(".js"));
  const found = Object.fromEntries(
    there.map((name) => [name, createHash("sha256").update(readFileSync(new URL(name, FOLDER))).digest("hex")]),
  );
  assert.deepEqual(found, written);
});
