/** @file Signalling: invitations, ends of calls, the keyboard, the log, and lost connections. */
import assert from "node:assert/strict";

import { environment, scene } from "./scene.js";
import { until } from "./until.js";

scene("a login that ends is shown, and the page is back with a new one", async ({ logIn, openProxy }) => {
  const proxy = await openProxy();
  const alice = await logIn("alice", { url: proxy.url });
  await alice.page.route("**/local/login", (route) => route.fulfill({ status: 403, body: "{}" }));
  proxy.cut();
  await alice.sees("#reconnecting");
  proxy.restore();
  await alice.sees("#login-refused");
  await alice.page.unroute("**/local/login");
  await alice.click("#retry-login");
  await alice.page.waitForSelector("#login-refused", { state: "detached" });
});

scene("a declined call ends on both sides", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await until("Alice sees the ringing state", async () => (await alice.text("#call-state")) === "Ringing…");
  await bob.click("#decline");
  await bob.isNotCalled();
  await alice.seesNotice("Declined");
  await alice.hasNoCall();
});

scene("a cancelled call stops ringing and is listed as missed", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.call(bob.account, "Call");
  await bob.isCalledBy("Alice");
  await alice.click("#hang-up");
  await bob.isNotCalled();
  await alice.hasNoCall();
  await until("Bob has missed a call", async () => (await bob.text("#missed")) === "1 missed");
  await until("the call is in Bob's history", async () => (await bob.text("#history .missed"))?.includes("Alice"));
});

scene("a callee in another call is busy, and the caller sees it", async ({ logIn }) => {
  const [alice, bob, carol] = [await logIn("alice"), await logIn("bob"), await logIn("carol")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  await carol.call(bob.account);
  await carol.seesNotice("Busy");
  await carol.hasNoCall();
  await bob.isNotCalled();
});

scene("a call answered in one tab stops ringing in the other", async ({ logIn }) => {
  const alice = await logIn("alice");
  const here = await logIn("bob", { device: "one" });
  const there = await logIn("bob", { device: "two" });
  await alice.call(here.account);
  await Promise.all([here.isCalledBy("Alice"), there.isCalledBy("Alice")]);
  await here.click("#accept");
  await there.isNotCalled();
  await there.seesNotice("answered on another device");
  await Promise.all([alice.isInCall(), here.isInCall()]);
  await here.click("#hang-up");
  await alice.seesNotice("Call ended");
  await Promise.all([alice.hasNoCall(), here.hasNoCall()]);
});

scene("two users who call each other are merged into one call", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.sees(`.contact[data-user="${bob.account}"]`);
  await bob.sees(`.contact[data-user="${alice.account}"]`);
  await Promise.all([alice.call(bob.account), bob.call(alice.account)]);
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  const meetingOf = ({ page }) => page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  assert.equal(await meetingOf(alice), await meetingOf(bob));
});

scene("a call is accepted by keyboard; stray keys neither accept nor decline it", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await bob.page.focus("#dial");
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  // Bob was typing.
  for (const key of ["x", "Enter", "Space", "Escape"]) await bob.page.keyboard.press(key);
  assert.equal(await bob.text("#caller"), "Alice");
  assert.equal(await bob.page.inputValue("#dial"), "");
  // Tab cycles through the sheet: the focus stays in it.
  for (let times = 0; times < 6; times += 1) await bob.page.keyboard.press("Tab");
  const focus = () => bob.page.evaluate(() => document.activeElement.closest(".sheet") && document.activeElement.id);
  assert.equal(await focus(), "decline");
  await bob.page.keyboard.press("Shift+Tab");
  assert.equal(await focus(), "accept");
  await bob.page.keyboard.press("Enter");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  // When the sheet closes, the focus moves to the call, not to the top of the page.
  await until("the focus is at the call", () => bob.page.evaluate(() => document.activeElement.matches(".main")));
});

scene("the host menu works by keyboard and restores the focus", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.callGroup(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await bob.isInCall();
  await alice.click("#people");
  const opener = `#people-panel [data-user="${bob.account}"] .menu > button`;
  await alice.page.focus(opener);
  await alice.page.keyboard.press("Enter");
  await alice.sees(".menu-item");
  await alice.page.keyboard.press("Tab");
  await alice.page.keyboard.press("Escape");
  await alice.page.waitForSelector(".menu-item", { state: "detached" });
  assert.ok(await alice.page.evaluate((wanted) => document.activeElement.matches(wanted), opener));
  await alice.click(opener);
  await alice.sees(".menu-item");
  await alice.click("#call-title");
  await alice.page.waitForSelector(".menu-item", { state: "detached" });
});

scene("a failed login shows the reason and keeps the input", async ({ logIn }) => {
  const { page } = await logIn("alice");
  await page.click("#log-out");
  await page.fill("#account", "a".repeat(32));
  await page.fill("#device", "d".repeat(20));
  await page.click("#log-in");
  await until("the form shows the reason", async () =>
    (await page.textContent("#login-problem")).includes("Account and device are too long together"),
  );
  assert.equal(await page.inputValue("#account"), "a".repeat(32));
  await page.fill("#account", "alice");
  await page.fill("#device", "tab");
  await page.route("**/local/login", (route) => route.abort());
  await page.click("#log-in");
  await until("the form shows the failure", async () =>
    (await page.textContent("#login-problem")).includes("cannot be reached"),
  );
  await page.unroute("**/local/login");
  await page.click("#log-in");
  await page.waitForSelector("#contacts", { state: "attached" });
});

scene("a second call is accepted in place of the current one", async ({ logIn }) => {
  const [alice, bob, carol] = [await logIn("alice"), await logIn("bob"), await logIn("carol")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  // Bob is busy; the call of Carol rings all the same because of its policy `busy: ring`.
  await carol.page.evaluate((account) => {
    globalThis.switchboard.phone.dial([account], "video", { group: true, policy: { busy: "ring" } });
  }, bob.account);
  await bob.isCalledBy("Carol");
  await bob.click("#accept");
  await alice.seesNotice("Call ended");
  await bob.sees(`.tile[data-user="${carol.account}"][data-state="joined"]`);
});

scene("markup in names is shown as text", async ({ logIn }) => {
  const name = '<img src=x onerror="window.broken=1"><b>Bobby</b>';
  const alice = await logIn("alice", { name });
  const bob = await logIn("bob");
  await alice.call(bob.account);
  await bob.isCalledBy(name);
  await bob.click("#accept");
  await bob.isInCall();
  assert.equal(await bob.text("#call-title"), name);
  assert.equal(await bob.page.evaluate(() => window.broken), undefined);
});

scene("bidirectional controls are removed from names, and long names fit the page", async ({ logIn }) => {
  const reversed = "\u202Eecila\u202C\n\u2067";
  const alice = await logIn("alice", { name: reversed });
  const bob = await logIn("bob", { name: "B".repeat(60), viewport: { width: 320, height: 568 } });
  await alice.call(bob.account);
  await bob.isCalledBy("ecila");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  assert.equal(await bob.text("#call-title"), "ecila");
  for (const { page } of [alice, bob]) {
    await page.click("#people");
    const excess = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    assert.equal(await page.evaluate(excess), 0, "nothing is wider than the page");
  }
});

scene("unreadable messages and unknown types are logged and ignored", async ({ logIn }) => {
  const alice = await logIn("alice");
  await alice.click("#toggle-drawer");
  const odd = { v: 1, type: "earthquake", id: "e1", server_ms: 0, magnitude: 7 };
  const clientId = await alice.page.evaluate(() => globalThis.switchboard.phone.log.clientId);
  const topic = encodeURIComponent(`call-dn/p2p/${clientId}`);
  for (const body of [JSON.stringify(odd), "no JSON", "[]"]) {
    await fetch(`${environment.stack.ready.iot_data}/topics/${topic}?qos=1`, { method: "POST", body });
  }
  await alice.sees('.line.dropped[data-type="earthquake"]');
  await until("all three messages are logged", async () => (await alice.page.$$(".line.dropped")).length === 3);
  await alice.hasNoCall();
});

scene("a device opened in a second tab is disconnected in the first, which shows a banner", async ({ logIn }) => {
  const first = await logIn("alice");
  const second = await first.logInInAnotherTab(environment.stack.url, { name: "Alice", device: "tab" });
  await first.sees("#taken-over");
  assert.equal(await second.page.$("#taken-over"), null);
  await first.click("#taken-over button");
  await second.sees("#taken-over");
  await first.page.waitForSelector("#taken-over", { state: "detached" });
});

scene("the log shows latencies and copies a sample event", async ({ logIn }) => {
  const alice = await logIn("alice", { permissions: ["camera", "microphone", "clipboard-read", "clipboard-write"] });
  await alice.click("#toggle-drawer");
  await alice.sees('.line[data-type="history"][data-direction="down"] .latency');
  await alice.click('.line[data-type="history"][data-direction="up"] summary');
  await alice.click('.line[data-type="history"] button:has-text("Copy as sample event")');
  const copied = await until("the event is on the clipboard", async () =>
    alice.page.evaluate(() => navigator.clipboard.readText()),
  );
  const event = JSON.parse(copied);
  assert.equal(event.topic, "bulk-up/sync");
  assert.equal(JSON.parse(Buffer.from(event.payload, "base64")).type, "history");
});

scene("a call is answered while the caller's network is interrupted", async ({ logIn, openProxy }) => {
  const proxy = await openProxy();
  const alice = await logIn("alice", { url: proxy.url });
  const bob = await logIn("bob");
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  proxy.cut();
  await alice.sees("#reconnecting");
  await bob.click("#accept");
  await bob.isInCall();
  proxy.restore();
  await alice.page.waitForSelector("#reconnecting", { state: "detached" });
  await alice.isInCall();
});
