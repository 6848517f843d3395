/** @file Calls that go on without a page, and calls that hold their user: how the page goes back to them or gives them up. */
import assert from "node:assert/strict";

import { environment, scene } from "./scene.js";
import { until } from "./until.js";

/** Logs Alice and Bob in, and lets Alice call Bob. */
async function inCall(logIn, options) {
  const [alice, bob] = [await logIn("alice", options), await logIn("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  return [alice, bob];
}

scene("a call is found on another device, which takes it over, and found again on the first one", async ({ logIn }) => {
  const [alice, bob] = await inCall(logIn, { device: "one" });
  const there = await logIn("alice", { device: "two" });
  await there.sees("#running");
  assert.match(await there.text("#running"), /You are in a call with Bob/);
  await there.click('#running button:has-text("Return")');
  await there.isInCall();
  await alice.hasNoCall();
  await alice.sees("#running");
  await alice.click('#running button:has-text("Hang up")');
  await bob.hasNoCall();
  await there.hasNoCall();
  await alice.page.waitForSelector("#running", { state: "detached" });
});

scene("a second tab of the same device finds the call of the first one", async ({ logIn }) => {
  const [alice, bob] = await inCall(logIn);
  const second = await alice.logInInAnotherTab(environment.stack.url, { name: "Alice", device: "tab" });
  await alice.sees("#taken-over");
  await second.click('#running button:has-text("Return")');
  await second.isInCall();
  await bob.sees(`.tile[data-user="${alice.account}"][data-state="joined"]`);
  await second.click("#hang-up");
  await bob.hasNoCall();
});

scene("a reload while a call rings keeps the call, and the answer is taken", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await alice.page.reload();
  await alice.sees('#stage[data-phase="calling"]');
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
});

scene("who calls the same user again from a new page waits for the answer", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.call(bob.account, "Call");
  await bob.isCalledBy("Alice");
  // The page crashed: its tab has forgotten the seat.
  await alice.page.evaluate(() => sessionStorage.removeItem("switchboard.seat"));
  await alice.page.reload();
  await alice.sees("#running");
  assert.match(await alice.text("#running"), /You are calling Bob/);
  await alice.call(bob.account, "Call");
  await until("it rings on", async () => (await alice.text("#call-state")) === "Ringing…");
  assert.equal(await alice.page.$('#stage[data-phase="in"]'), null);
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
});

scene("a group that was left can be joined again from the home page", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.callGroup(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  await bob.click("#hang-up");
  await bob.hasNoCall();
  await bob.click('#running button:has-text("Join again")');
  await bob.isInCall();
  await alice.sees(`.tile[data-user="${bob.account}"][data-state="joined"]`);
});

scene("a silenced call is declined in favour of another one, and not answered", async ({ logIn }) => {
  const [alice, bob, carol] = [await logIn("alice"), await logIn("bob"), await logIn("carol")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#silence");
  await bob.isNotCalled();
  await bob.call(carol.account);
  await bob.click("#decline-and-call");
  await carol.isCalledBy("Bob");
  await alice.seesNotice("Declined");
  await alice.hasNoCall();
});

scene("who calls a user who is not to be disturbed is shown that", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await bob.page.selectOption("#do-not-disturb", "3600");
  await until("it holds", async () => (await bob.text("#silent-until"))?.startsWith("No call rings until"));
  await alice.call(bob.account);
  await alice.seesNotice("Do not disturb");
  await alice.hasNoCall();
  await until("Bob's history says so", async () => (await bob.text("#history .missed"))?.includes("Missed, do not disturb"));
});

scene("only the people on the list may call", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await bob.page.selectOption("#who-may-call", "allowed");
  await bob.page.fill("#allow", alice.account);
  await bob.click("#allow-go");
  await bob.sees(`#allowed [data-user="${alice.account}"]`);
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
});
