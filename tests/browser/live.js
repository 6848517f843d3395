/** @file The page with the live numbers of the functions. */
import { environment, scene } from "./scene.js";
import { until } from "./until.js";

scene("the page of live numbers counts a call", async ({ logIn }) => {
  const [alice, bob] = [await logIn("alice"), await logIn("bob")];
  const page = await alice.context.newPage();
  await page.goto(new URL("live.html", environment.stack.url).href);
  const count = async (metric) => Number(await page.textContent(`[data-metric="${metric}"] .number`));
  const before = await count("invitations_accepted");
  await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await until("the page counts the accepted invitation", async () => (await count("invitations_accepted")) > before);
});
