/** @file Group calls: adding participants, and the host's tools. */
import { scene } from "./scene.js";
import { until } from "./until.js";

/** Starts a group call of Alice and Bob that Alice hosts. */
async function conference(logIn) {
  const bob = await logIn("bob");
  const alice = await logIn("alice");
  await alice.callGroup(bob.account);
  await alice.isInCall();
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await bob.isInCall();
  await alice.sees(`.tile[data-user="${bob.account}"][data-state="joined"]`);
  return { alice, bob };
}

scene("a third participant is invited and joins", async ({ logIn }) => {
  const carol = await logIn("carol");
  const { alice, bob } = await conference(logIn);
  await alice.addsToCall(carol, "Alice");
  for (const one of [alice, bob]) await one.sees(`.tile[data-user="${carol.account}"][data-state="joined"]`);
  await carol.click("#hang-up");
  await bob.page.waitForSelector(`.tile[data-user="${carol.account}"]`, { state: "detached" });
});

scene("mute, block and allow by the host are shown to the participant", async ({ logIn }) => {
  const { alice, bob } = await conference(logIn);
  await alice.useTool(bob.account, "Mute");
  await bob.sees("#muted");
  await bob.sees('#microphone[aria-pressed="false"]');
  await bob.click("#microphone");
  await bob.sees('#microphone[aria-pressed="true"]');
  await alice.useTool(bob.account, "Block microphone");
  await bob.sees("#blocked");
  await bob.sees("#microphone:disabled");
  await alice.useTool(bob.account, "Allow to speak");
  await bob.page.waitForSelector("#blocked", { state: "detached" });
  // The right to speak is restored; the microphone stays off until its user turns it on.
  await bob.sees('#microphone[aria-pressed="false"]:not(:disabled)');
  await bob.click("#microphone");
  await bob.sees('#microphone[aria-pressed="true"]');
});

scene("a raised hand is listed until it is lowered", async ({ logIn }) => {
  const { alice, bob } = await conference(logIn);
  await bob.click("#hand");
  await alice.sees(`.tile[data-user="${bob.account}"] .badge`);
  await alice.click("#people");
  await until("Bob's hand is listed", async () => (await alice.text("#hands"))?.includes("Bob"));
  await bob.click("#hand");
  await alice.page.waitForSelector("#hands", { state: "detached" });
});

scene("a removed participant leaves the call and sees the reason", async ({ logIn }) => {
  const { alice, bob } = await conference(logIn);
  await alice.useTool(bob.account, "Remove");
  await bob.seesNotice("You were removed from the call");
  await bob.hasNoCall();
  await alice.page.waitForSelector(`.tile[data-user="${bob.account}"]`, { state: "detached" });
});

scene("a guest waits in the lobby until the host lets them in", async ({ logIn }) => {
  const alice = await logIn("alice");
  await alice.click("#new-meeting");
  await alice.click("#meeting-start");
  await alice.isInCall();
  const meetingId = await alice.page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  const guest = await logIn("guest");
  const stranger = await logIn("stranger");
  for (const one of [guest, stranger]) {
    await one.page.fill("#dial", `#meeting=${meetingId}`);
    await one.click("#dial-go");
    await one.sees("#lobby");
  }
  await alice.click("#people");
  await alice.click(`#waiting [data-user="${guest.account}"] button:has-text("Admit")`);
  await guest.isInCall();
  await alice.sees(`.tile[data-user="${guest.account}"]`);
  await alice.click(`#waiting [data-user="${stranger.account}"] button:has-text("Deny")`);
  await stranger.seesNotice("You were not let in");
});

scene("a locked call refuses new participants", async ({ logIn }) => {
  const { alice } = await conference(logIn);
  await alice.click("#people");
  await alice.page.selectOption("#entry", "open");
  await alice.click("#locked");
  await until("the call is shown as locked", async () => (await alice.text("#call-state"))?.includes("Locked"));
  const meetingId = await alice.page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  const carol = await logIn("carol");
  await carol.page.fill("#dial", `#meeting=${meetingId}`);
  await carol.click("#dial-go");
  await carol.seesNotice("This call is locked.");
});

scene("a new host ends the call for all", async ({ logIn }) => {
  const { alice, bob } = await conference(logIn);
  await alice.useTool(bob.account, "Make host");
  await bob.click("#people");
  await bob.click("#end-for-all");
  await bob.click("#confirm");
  await alice.seesNotice("The host ended the call");
  await Promise.all([alice.hasNoCall(), bob.hasNoCall()]);
});
