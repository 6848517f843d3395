/** @file Microphones and cameras that are unplugged and plugged in during a call. */
import assert from "node:assert/strict";

import { scene } from "./scene.js";
import { until } from "./until.js";

const needsMedia = { needsMedia: true };

/** Starts a group call of `people`, the first of whom calls. */
async function groupCall([host, ...others]) {
  await host.callGroup(...others.map(({ account }) => account));
  for (const person of others) {
    await person.isCalledBy("Alice");
    await person.click("#accept");
  }
  for (const person of [host, ...others]) await person.isInCall();
}

/**
 * Removes the device that the page uses for `kind`: hides the device until `plugIn`, and ends its track. Some browsers do
 * not end it and only stop listing the device: `ends: false`.
 */
const unplug = (person, kind, { ends = true } = {}) =>
  person.page.evaluate(async ([of, endsTrack]) => {
    const { mediaDevices } = navigator;
    if (!globalThis.unplugged) {
      const realEnumerate = mediaDevices.enumerateDevices;
      const realOpen = mediaDevices.getUserMedia;
      // Chromium's second fake camera has 16-bit pixels, which it cannot send.
      const depth = (await realEnumerate.call(mediaDevices)).find(({ label }) => label === "fake_device_1");
      globalThis.unplugged = new Set([depth.deviceId]);
      const isThere = ({ deviceId }) => !globalThis.unplugged.has(deviceId);
      mediaDevices.enumerateDevices = async () => (await realEnumerate.call(mediaDevices)).filter(isThere);
      mediaDevices.getUserMedia = async (wanted) => {
        const present = await mediaDevices.enumerateDevices();
        for (const one of ["audio", "video"]) {
          if (wanted[one] && !present.some(({ kind: known }) => known === `${one}input`))
            throw new DOMException("Requested device not found", "NotFoundError");
        }
        return realOpen.call(mediaDevices, wanted);
      };
    }
    const track = globalThis.switchboard.phone.call.local.tracks[of];
    globalThis.unplugged.add(track.getSettings().deviceId);
    if (endsTrack) {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
    mediaDevices.dispatchEvent(new Event("devicechange"));
  }, [kind, ends]);

/** Plugs all unplugged devices in again. */
const plugIn = (person) =>
  person.page.evaluate(() => {
    const [depth] = globalThis.unplugged;
    globalThis.unplugged = new Set([depth]);
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  });

/** Returns the id of the device in use for `kind`, if there is one. */
const deviceInUse = (person, kind) =>
  person.page.evaluate((of) => {
    const track = globalThis.switchboard.phone.call.local.tracks[of];
    return track?.readyState === "live" ? track.getSettings().deviceId : undefined;
  }, kind);

/** Unplugs the device in use until none is left. */
async function unplugAll(person, kind) {
  for (;;) {
    const before = await deviceInUse(person, kind);
    await unplug(person, kind);
    const next = await until(`another device or none is in use instead of ${before}`, async () => {
      const isMissing = (await person.text("#device-problem")) !== undefined;
      const now = await deviceInUse(person, kind);
      return (isMissing || (now && now !== before)) && { now };
    });
    if (!next.now) return;
  }
}

scene(
  "a microphone that is unplugged is replaced by another one, and both others hear it",
  async ({ logIn }) => {
    const people = [await logIn("alice"), await logIn("bob"), await logIn("carol")];
    const [alice, bob, carol] = people;
    await groupCall(people);
    for (const other of [bob, carol]) await other.seesAndHears(alice.account);
    const before = await deviceInUse(alice, "audio");
    await unplug(alice, "audio");
    await alice.seesNotice("Your microphone is now: ");
    assert.notEqual(await deviceInUse(alice, "audio"), before);
    assert.equal(await alice.text("#device-problem"), undefined);
    for (const other of [bob, carol]) await other.seesAndHears(alice.account);
  },
  needsMedia,
);

scene(
  "without any microphone left the page says so, and takes the next one that is plugged in",
  async ({ logIn }) => {
    const [alice, bob] = [await logIn("alice"), await logIn("bob")];
    await groupCall([alice, bob]);
    await bob.seesAndHears(alice.account);
    await unplugAll(alice, "audio");
    assert.match(await alice.text("#device-problem"), /^Microphone not found/);
    await bob.sees(`.tile[data-user="${alice.account}"][data-audio="false"]`);
    await plugIn(alice);
    await alice.seesNotice("Your microphone is now: ");
    await bob.sees(`.tile[data-user="${alice.account}"][data-audio="true"]`);
    await bob.seesAndHears(alice.account);
  },
  needsMedia,
);

scene(
  "a muted microphone that is replaced stays muted",
  async ({ logIn }) => {
    const [alice, bob] = [await logIn("alice"), await logIn("bob")];
    await groupCall([alice, bob]);
    await alice.click("#microphone");
    await bob.sees(`.tile[data-user="${alice.account}"][data-audio="false"]`);
    const before = await deviceInUse(alice, "audio");
    await unplug(alice, "audio", { ends: false });
    await until("another microphone is in use", async () => {
      const now = await deviceInUse(alice, "audio");
      return now && now !== before;
    });
    await alice.sees('#microphone[aria-pressed="false"]');
    await alice.click("#microphone");
    await bob.sees(`.tile[data-user="${alice.account}"][data-audio="true"]`);
  },
  needsMedia,
);

scene(
  "a camera that is unplugged is replaced by another one; without one the page takes the next that is plugged in",
  async ({ logIn }) => {
    const [alice, bob] = [await logIn("alice"), await logIn("bob")];
    await groupCall([alice, bob]);
    await bob.seesAndHears(alice.account);
    await unplug(alice, "video");
    await alice.seesNotice("Your camera is now: ");
    await bob.seesAndHears(alice.account);
    await unplugAll(alice, "video");
    assert.match(await alice.text("#device-problem"), /^Camera not found/);
    await bob.sees(`.tile[data-user="${alice.account}"][data-video="false"]`);
    await plugIn(alice);
    await bob.sees(`.tile[data-user="${alice.account}"][data-video="true"]`);
    await bob.seesAndHears(alice.account);
  },
  needsMedia,
);
