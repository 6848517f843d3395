/** @file Names and titles of other users as the page shows them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { plainJson } from "../app/shown.js";
import { nameWords, titleWords } from "../app/words.js";

const nameOf = (name) => nameWords({ user_id: "mallory", name });

test("names that deceive: a name that shows nothing is replaced by the account", () => {
  const nothing = ["\u202e", "\u200b\u200c", "\u00ad", "\u2060", "\u3164", "\u2800", "\u{e0041}\u{e0042}", "\ufe0f", " ", "\0"];
  for (const name of nothing) {
    assert.equal(nameOf(name), "mallory", JSON.stringify(name));
    assert.equal(titleWords(name), "");
  }
});

test("names that deceive: characters that turn or hide text are removed", () => {
  for (const [name, right] of [
    ["\u2066Bank\u2069", "Bank"],
    ["Bob\u202eecilA", "BobecilA"],
    ["Al\u200bice", "Alice"],
    ["A\u00adl\u200di\u200cce\u{e0041}", "Alice"],
    ["first\nsecond", "first second"],
  ]) {
    assert.equal(nameOf(name), right);
  }
});

test("names that deceive: what emoji and scripts need stays", () => {
  for (const name of [
    "\u{1f469}\u200d\u{1f4bb} Ann",
    "\u{1f469}\u{1f3fd}\u200d\u{1f4bb}",
    "\u{1f3f3}\ufe0f\u200d\u{1f308}",
    "\u2764\ufe0f 3\ufe0f\u20e3",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc",
    "\u0915\u094d\u200d\u0937",
    "\u05d0\u05b7\u05d1\u05e8\u05d4\u05dd",
    "\u845b\u{e0100}\u57ce",
    "Jose\u0301 O\u2019Neil",
  ]) {
    assert.equal(nameOf(name), name, JSON.stringify(name));
  }
});

test("the protocol log escapes what would turn its lines, with the same meaning", () => {
  const message = { name: "Bob\u202eecilA\u{e0041}" };
  const text = plainJson(JSON.stringify(message));
  assert.equal(text, '{"name":"Bob\\u202eecilA\\udb40\\udc41"}');
  assert.deepEqual(JSON.parse(text), message);
});
