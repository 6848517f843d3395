/** @file Playback of elements that the browser refuses to play or pauses. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Playback } from "../app/playback.js";
import { settled } from "./virtual.js";

/** A media element whose browser plays only if `mayPlay`. */
class FakeElement extends EventTarget {
  tagName = "AUDIO";
  srcObject = { active: true };
  mayPlay = true;
  refusal = "NotAllowedError";
  attempts = 0;

  async play() {
    this.attempts += 1;
    if (!this.mayPlay) throw new DOMException("no", this.refusal);
  }

  pause() {
    this.dispatchEvent(new Event("pause"));
  }
}

function played(element) {
  const page = new EventTarget();
  const playback = new Playback(page);
  const release = playback.keepPlaying(element);
  return { page, playback, release };
}

test("an element that is refused is held back, and played at the next gesture", async () => {
  const element = Object.assign(new FakeElement(), { mayPlay: false });
  const { page, playback } = played(element);
  await settled();
  assert.equal(playback.held, "sound");
  element.mayPlay = true;
  page.dispatchEvent(new Event("pointerup"));
  await settled();
  assert.deepEqual([playback.held, element.attempts], [undefined, 2]);
});

test("a refused video without refused sound is a picture", async () => {
  const { playback } = played(Object.assign(new FakeElement(), { mayPlay: false, tagName: "VIDEO" }));
  await settled();
  assert.equal(playback.held, "picture");
});

test("an element that the browser pauses is played again; one that is paused at once again is held back", async (context) => {
  const element = new FakeElement();
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const { playback } = played(element);
  await settled();
  now = 5000;
  element.pause();
  await settled();
  assert.deepEqual([playback.held, element.attempts], [undefined, 2]);
  now = 5100;
  element.pause();
  await settled();
  assert.deepEqual([playback.held, element.attempts], ["sound", 2]);
});

test("an element that is released or gets another track is not held back", async () => {
  const released = Object.assign(new FakeElement(), { mayPlay: false });
  const { playback, release } = played(released);
  release();
  await settled();
  assert.equal(playback.held, undefined);
  const replaced = played(Object.assign(new FakeElement(), { mayPlay: false, refusal: "AbortError" }));
  await settled();
  assert.equal(replaced.playback.held, undefined);
});
