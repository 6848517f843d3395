/** @file Seats that outlive a page, a connection and a broker. */
import { hasMedia, house, scene } from "./house.js";

scene("a page that is loaded again in a call returns to its seat", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isIn(), bob.isIn()]);
  await bob.page.reload();
  await bob.isIn();
  await bob.sees(`.tile[data-user="${alice.account}"]`);
  await alice.isIn();
  await bob.click("#hang-up");
  await alice.isOut();
});

scene("the broker is started again and the call goes on", async ({ enter }) => {
  const [alice, bob] = [await enter("alice"), await enter("bob")];
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isIn(), bob.isIn()]);
  await house.stack.stop();
  await Promise.all([alice.sees("#reconnecting"), bob.sees("#reconnecting")]);
  await house.stack.start();
  for (const { page } of [alice, bob]) await page.waitForSelector("#reconnecting", { state: "detached" });
  await Promise.all([alice.isIn(), bob.isIn()]);
  if (hasMedia()) await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
  await bob.click("#hang-up");
  await alice.isOut();
});

scene("a call moves to another device of its user", async ({ enter }) => {
  const bob = await enter("bob");
  const here = await enter("alice", { device: "one" });
  await here.callGroup(bob.account);
  await here.isIn();
  const meetingId = await here.page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  const there = await enter("alice", { device: "two" });
  await there.page.fill("#dial", `#meeting=${meetingId}`);
  await there.click("#dial-go");
  await there.click("#move-here");
  await there.isIn();
  await here.isTold("The call was moved to another device");
  await here.isOut();
});
