/** @file Somebody at a page: what people do and see there, in the words of the page. */
import { paintCamera } from "./camera.js";
import { until } from "./until.js";

/** Opens a page of its own and logs in. */
export async function logIn(browser, url, account, options = {}) {
  const {
    name = account[0].toUpperCase() + account.slice(1),
    device = "tab",
    colour,
    room,
    denied,
    permissions = ["camera", "microphone"],
    ...context
  } = options;
  const place = await browser.newContext({ permissions, viewport: { width: 1000, height: 700 }, ...context });
  await place.addInitScript(paintCamera, { colour, room, denied });
  const page = await place.newPage();
  return new Person(page, place, account).begin(url, { name, device });
}

/** Somebody at a page. */
export class Person {
  /** Errors that no script caught; a test fails on them. */
  faults = [];

  constructor(page, place, account) {
    this.page = page;
    this.place = place;
    this.account = account;
    page.on("pageerror", (error) => this.faults.push(error));
  }

  /** Logs in. */
  async begin(url, { name, device }) {
    const { page } = this;
    await page.goto(url);
    await page.fill("#account", this.account);
    await page.fill("#name", name);
    await page.fill("#device", device);
    await page.click("#log-in");
    await page.waitForSelector("#contacts, #stage, #lobby", { state: "attached" });
    return this;
  }

  /** The same person logs in in another tab of the same browser. */
  async beginInAnotherTab(url, { name, device }) {
    return new Person(await this.place.newPage(), this.place, this.account).begin(url, { name, device });
  }

  /** Calls somebody who is seen among the contacts. */
  async call(account, kind = "Video call") {
    await this.page.evaluate(() => globalThis.switchboard.phone.directory.refresh());
    await this.page.click(`.contact[data-user="${account}"] button[aria-label^="${kind} "]`);
  }

  /** Rings up accounts at once, in a group. */
  async callGroup(...accounts) {
    await this.page.evaluate(() => globalThis.switchboard.phone.directory.refresh());
    for (const account of accounts) await this.page.check(`.contact[data-user="${account}"] input`);
    await this.page.click("#call-group");
  }

  /** Brings somebody into the call, who takes it. `name` is what `somebody` sees of the one who invites. */
  async bringsIn(somebody, name) {
    await this.click("#people");
    await this.page.fill("#invite", somebody.account);
    await this.click("#invite-go");
    await somebody.isCalledBy(name);
    await somebody.click("#accept");
    await somebody.isIn();
  }

  /** Waits for the sheet of a call by this name. */
  async isCalledBy(name) {
    await until(`${this.account} is called by ${name}`, async () => (await this.text("#caller")) === name);
  }

  async isNotCalled() {
    await this.page.waitForSelector("#caller", { state: "detached" });
  }

  click(selector) {
    return this.page.click(selector);
  }

  /** A text of the page, or `undefined` while it is not there. */
  async text(selector) {
    return this.page.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? undefined, selector);
  }

  async sees(selector) {
    await this.page.waitForSelector(selector);
  }

  /** Waits for a notice with these words. */
  async isTold(words) {
    await until(`${this.account} is told: ${words}`, async () => (await this.text(".notices"))?.includes(words));
  }

  /** Waits until this side is in the call. */
  async isIn() {
    await this.sees('#stage[data-phase="in"]');
  }

  /** Waits until no call is on the page. */
  async isOut() {
    await this.sees("#contacts");
  }

  /** Opens a panel of the call and the tools for somebody, and uses one. */
  async useTool(account, label) {
    if (!(await this.page.$("#people-panel"))) await this.click("#people");
    await this.click(`#people-panel [data-user="${account}"] .menu > button`);
    await this.click(`#people-panel [data-user="${account}"] .menu-item:text-is("${label}")`);
  }

  /** What comes from somebody: decoded frames, energy of the sound, and packets of both. */
  async receives(account) {
    return this.page.evaluate(async (from) => {
      const { call } = globalThis.switchboard.phone;
      const peer = call?.peers.get(from);
      const connection = call?.media?.peerConnection;
      const sums = { frames: 0, energy: 0, audioPackets: 0, videoPackets: 0 };
      if (!peer || !connection) return sums;
      for (const kind of ["audio", "video"]) {
        const receiver = connection.getReceivers().find(({ track }) => track === peer[kind]);
        for (const report of (await receiver?.getStats())?.values() ?? []) {
          if (report.type !== "inbound-rtp") continue;
          sums.frames += report.framesDecoded ?? 0;
          sums.energy += report.totalAudioEnergy ?? 0;
          sums[`${kind}Packets`] += report.packetsReceived ?? 0;
        }
      }
      return sums;
    }, account);
  }

  /** Waits until picture and sound of somebody come, and go on coming. */
  async seesAndHears(account) {
    const first = await until(`${this.account} gets media of ${account}`, async () => {
      const sums = await this.receives(account);
      return sums.frames > 0 && sums.energy > 0 && sums;
    });
    await until(`more media of ${account} come to ${this.account}`, async () => {
      const sums = await this.receives(account);
      return sums.frames > first.frames + 5 && sums.energy > first.energy;
    });
  }

  /** The colour in the middle of somebody's picture, as `[red, green, blue]`. */
  async colourOf(account) {
    return this.page.evaluate((from) => {
      const video = document.querySelector(`.tile[data-user="${from}"] video`);
      if (!video?.videoWidth) return undefined;
      const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
      const context = canvas.getContext("2d");
      context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }, account);
  }

  /** Waits until somebody's picture has this colour, as far as a video codec keeps it. */
  async seesColour(account, colour) {
    await until(`${this.account} sees ${account} in ${colour}`, async () => {
      const seen = await this.colourOf(account);
      return seen?.every((value, index) => Math.abs(value - colour[index]) < 40);
    });
  }

  async leave() {
    await this.place.close();
  }
}
