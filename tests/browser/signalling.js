/** @file Calls as they are signalled: who rings, who stops, and what people are told. */
import assert from "node:assert/strict";

import { house, scene } from "./house.js";
import { until } from "./until.js";

scene("a call that is declined ends for both", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await until("Alice sees that it rings", async () => (await alice.text("#call-state")) === "Ringing…");
  await bob.click("#decline");
  await bob.isNotCalled();
  await alice.isTold("Declined");
  await alice.isOut();
});

scene("a call that is taken back stops ringing and is told as missed", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await alice.call(bob.account, "Call");
  await bob.isCalledBy("Alice");
  await alice.click("#hang-up");
  await bob.isNotCalled();
  await alice.isOut();
  await until("Bob has missed a call", async () => (await bob.text("#missed")) === "1 missed");
  await until("it is in his history", async () => (await bob.text("#history .missed"))?.includes("Alice"));
});

scene("who is in a call is busy, and the caller is told so", async ({ enter }) => {
  const [alice, bob, carol] = [await enter("alice"), await enter("bob"), await enter("carol")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isIn(), bob.isIn()]);
  await carol.call(bob.account);
  await carol.isTold("Busy");
  await carol.isOut();
  await bob.isNotCalled();
});

scene("answered in one tab, it stops ringing in the other", async ({ enter }) => {
  const alice = await enter("alice");
  const here = await enter("bob", { device: "one" });
  const there = await enter("bob", { device: "two" });
  await alice.call(here.account);
  await Promise.all([here.isCalledBy("Alice"), there.isCalledBy("Alice")]);
  await here.click("#accept");
  await there.isNotCalled();
  await there.isTold("answered on another device");
  await Promise.all([alice.isIn(), here.isIn()]);
  await here.click("#hang-up");
  await alice.isTold("Call ended");
  await Promise.all([alice.isOut(), here.isOut()]);
});

scene("two who call each other are in one call", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await alice.sees(`.contact[data-user="${bob.account}"]`);
  await bob.sees(`.contact[data-user="${alice.account}"]`);
  await Promise.all([alice.call(bob.account), bob.call(alice.account)]);
  await Promise.all([alice.isIn(), bob.isIn()]);
  const meetingOf = ({ page }) => page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  assert.equal(await meetingOf(alice), await meetingOf(bob));
});

scene("a call is taken by the keyboard, and neither taken nor declined by a stray key", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await bob.page.focus("#dial");
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  // Bob was typing.
  for (const key of ["x", "Enter", "Space", "Escape"]) await bob.page.keyboard.press(key);
  assert.equal(await bob.text("#caller"), "Alice");
  assert.equal(await bob.page.inputValue("#dial"), "");
  // Round and round: the focus stays in the sheet.
  for (let times = 0; times < 5; times += 1) await bob.page.keyboard.press("Tab");
  const focus = () => bob.page.evaluate(() => document.activeElement.closest(".sheet") && document.activeElement.id);
  assert.equal(await focus(), "decline");
  await bob.page.keyboard.press("Shift+Tab");
  assert.equal(await focus(), "accept");
  await bob.page.keyboard.press("Enter");
  await Promise.all([alice.isIn(), bob.isIn()]);
  // The focus has gone with the sheet to the call, not to the top of the page.
  await until("the focus is at the call", () => bob.page.evaluate(() => document.activeElement.matches(".main")));
});

scene("a menu of the host is used by the keyboard and gives the focus back", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await alice.callGroup(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await bob.isIn();
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

scene("a login that fails says why, and keeps what was typed", async ({ enter }) => {
  const { page } = await enter("alice");
  await page.click("#log-out");
  await page.fill("#account", "a".repeat(32));
  await page.fill("#device", "d".repeat(20));
  await page.click("#log-in");
  await until("it is said", async () =>
    (await page.textContent("#login-problem")).includes("Account and device are too long together"),
  );
  assert.equal(await page.inputValue("#account"), "a".repeat(32));
  await page.fill("#account", "alice");
  await page.fill("#device", "tab");
  await page.route("**/local/login", (route) => route.abort());
  await page.click("#log-in");
  await until("it is said", async () => (await page.textContent("#login-problem")).includes("cannot be reached"));
  await page.unroute("**/local/login");
  await page.click("#log-in");
  await page.waitForSelector("#contacts", { state: "attached" });
});

scene("a call that comes during another is taken in its place", async ({ enter }) => {
  const [alice, bob, carol] = [await enter("alice"), await enter("bob"), await enter("carol")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isIn(), bob.isIn()]);
  // Who is in a call is busy, unless the caller says that it shall ring all the same.
  await carol.page.evaluate((account) => {
    globalThis.switchboard.phone.dial([account], "video", { group: true, policy: { busy: "ring" } });
  }, bob.account);
  await bob.isCalledBy("Carol");
  await bob.click("#accept");
  await alice.isTold("Call ended");
  await bob.sees(`.tile[data-user="${carol.account}"][data-state="joined"]`);
});

scene("markup in names is text", async ({ enter }) => {
  const name = '<img src=x onerror="window.broken=1"><b>Bobby</b>';
  const alice = await enter("alice", { name });
  const bob = await enter("bob");
  await alice.call(bob.account);
  await bob.isCalledBy(name);
  await bob.click("#accept");
  await bob.isIn();
  assert.equal(await bob.text("#call-title"), name);
  assert.equal(await bob.page.evaluate(() => window.broken), undefined);
});

scene("a name turns nothing around, and takes no more room than there is", async ({ enter }) => {
  const turned = "\u202Eecila\u202C\n\u2067";
  const alice = await enter("alice", { name: turned });
  const bob = await enter("bob", { name: "B".repeat(60), viewport: { width: 320, height: 568 } });
  await alice.call(bob.account);
  await bob.isCalledBy("ecila");
  await bob.click("#accept");
  await Promise.all([alice.isIn(), bob.isIn()]);
  assert.equal(await bob.text("#call-title"), "ecila");
  for (const { page } of [alice, bob]) {
    await page.click("#people");
    const excess = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    assert.equal(await page.evaluate(excess), 0, "nothing is wider than the page");
  }
});

scene("messages of unknown types are logged and do no harm", async ({ enter }) => {
  const alice = await enter("alice");
  await alice.click("#toggle-drawer");
  const odd = { v: 1, type: "earthquake", id: "e1", server_ms: 0, magnitude: 7 };
  const clientId = await alice.page.evaluate(() => globalThis.switchboard.phone.log.clientId);
  const topic = encodeURIComponent(`call-dn/p2p/${clientId}`);
  for (const body of [JSON.stringify(odd), "no JSON", "[]"]) {
    await fetch(`${house.stack.ready.iot_data}/topics/${topic}?qos=1`, { method: "POST", body });
  }
  await alice.sees('.line.dropped[data-type="earthquake"]');
  await until("all three are logged", async () => (await alice.page.$$(".line.dropped")).length === 3);
  await alice.isOut();
});

scene("a device that is opened a second time is told so where it was", async ({ enter }) => {
  const first = await enter("alice");
  const second = await first.beginInAnotherTab(house.stack.url, { name: "Alice", device: "tab" });
  await first.sees("#taken-over");
  assert.equal(await second.page.$("#taken-over"), null);
  await first.click("#taken-over button");
  await second.sees("#taken-over");
  await first.page.waitForSelector("#taken-over", { state: "detached" });
});

scene("the log shows latencies and copies a sample event", async ({ enter }) => {
  const alice = await enter("alice", { permissions: ["camera", "microphone", "clipboard-read", "clipboard-write"] });
  await alice.click("#toggle-drawer");
  await alice.sees('.line[data-type="history"][data-direction="down"] .latency');
  await alice.click('.line[data-type="history"][data-direction="up"] summary');
  await alice.click('.line[data-type="history"] button:has-text("Copy as sample event")');
  const copied = await until("it is copied", async () => alice.page.evaluate(() => navigator.clipboard.readText()));
  const event = JSON.parse(copied);
  assert.equal(event.topic, "bulk-up/sync");
  assert.equal(JSON.parse(Buffer.from(event.payload, "base64")).type, "history");
});

scene("the network is cut and comes back", async ({ enter, line }) => {
  const cable = await line();
  const alice = await enter("alice", { url: cable.url });
  const bob = await enter("bob");
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  cable.cut();
  await alice.sees("#reconnecting");
  await bob.click("#accept");
  await bob.isIn();
  cable.mend();
  await alice.page.waitForSelector("#reconnecting", { state: "detached" });
  await alice.isIn();
});
