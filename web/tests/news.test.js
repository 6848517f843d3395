/** @file The news of a group call, and what to do about a device. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { peopleNews } from "../app/news.js";
import { deviceHelpWords } from "../app/words.js";
import { meeting, person } from "./page.js";

const group = (participants, fields) => meeting(participants, { mode: "group", host: "alice", ...fields });
const [alice, bob] = [person("alice", "joined", { name: "Alice" }), person("bob")];

test("who comes and who goes is named, and many are counted", () => {
  const before = group([alice, bob, person("carol", "ringing"), person("dave"), person("erin")]);
  const after = group([alice, bob, person("carol", "accepted"), person("dave", "left"), person("erin", "lost")]);
  assert.deepEqual(peopleNews(before, after, "bob"), ["carol joined", "dave left", "erin lost the connection"]);
  const crowd = ["c", "d", "e", "f"].map((userId) => person(userId));
  assert.deepEqual(peopleNews(group([alice, bob]), group([alice, bob, ...crowd]), "bob"), ["4 people joined"]);
});

test("the own user, a direct call and a call that was not known yet bring no news", () => {
  assert.deepEqual(peopleNews(group([alice]), group([alice, bob]), "bob"), []);
  assert.deepEqual(peopleNews(meeting([bob]), meeting([bob, alice]), "bob"), []);
  assert.deepEqual(peopleNews(group([]), group([alice, bob]), "bob"), []);
  const reconnects = group([alice, person("carol", "reconnecting")]);
  assert.deepEqual(peopleNews(group([alice, person("carol")]), reconnects, "bob"), []);
});

test("a new role is said to its user, and the new host to everybody", () => {
  const now = group([alice, bob], { host: "bob" });
  assert.deepEqual(peopleNews(group([alice, bob]), now, "bob"), ["You are the host now"]);
  assert.deepEqual(peopleNews(now, group([alice, bob]), "bob"), ["Alice is the host now"]);
  const cohost = group([alice, person("bob", "joined", { role: "cohost" })]);
  assert.deepEqual(peopleNews(group([alice, bob]), cohost, "bob"), ["You are a co-host now"]);
});

test("only moderators hear of knocks and of hands", () => {
  const before = group([alice, bob, person("carol")]);
  const after = group([alice, bob, person("carol", "joined", { hand: true }), person("dave", "lobby", { name: "Dave" })]);
  assert.deepEqual(peopleNews(before, after, "alice"), ["Dave asked to come in", "carol raised a hand"]);
  assert.deepEqual(peopleNews(before, after, "bob"), []);
  assert.deepEqual(peopleNews(after, after, "alice"), [], "once");
});

test("a device that cannot be turned on says what to do", () => {
  assert.match(deviceHelpWords("video", "denied"), /allow this page to use the camera/);
  assert.match(deviceHelpWords("audio", "busy"), /Another program uses the microphone/);
  assert.match(deviceHelpWords("audio", "absent"), /No microphone was found/);
});
