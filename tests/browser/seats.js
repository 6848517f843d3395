/** @file Seats kept across a reload of the page, a restart of the broker, and a move to another device. */
import { hasMedia, environment, scene } from "./scene.js";

scene("a reloaded page returns to its call", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  await bob.page.reload();
  await bob.isInCall();
  await bob.sees(`.tile[data-user="${alice.account}"]`);
  await alice.isInCall();
  await bob.click("#hang-up");
  await alice.hasNoCall();
});

scene("a call continues after a restart of the broker", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  await environment.stack.stop();
  await Promise.all([alice.sees("#reconnecting"), bob.sees("#reconnecting")]);
  await environment.stack.start();
  for (const { page } of [alice, bob]) await page.waitForSelector("#reconnecting", { state: "detached" });
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  if (hasMedia()) await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
  await bob.click("#hang-up");
  await alice.hasNoCall();
});

scene("a call moves to another device of its user", async ({ logIn }) => {
  const bob = await logIn("bob");
  const here = await logIn("alice", { device: "one" });
  await here.callGroup(bob.account);
  await here.isInCall();
  const meetingId = await here.page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  const there = await logIn("alice", { device: "two" });
  await there.page.fill("#dial", `#meeting=${meetingId}`);
  await there.click("#dial-go");
  await there.click("#move-here");
  await there.isInCall();
  await here.seesNotice("The call was moved to another device");
  await here.hasNoCall();
});
