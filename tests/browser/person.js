/** @file A person with a page of the browser terminal: actions on the page, and waits for its content. */
import { paintCamera } from "./camera.js";
import { until } from "./until.js";

/** Opens a page in a new browser context and logs in. */
export async function logIn(browser, url, account, options = {}) {
  const {
    name = account[0].toUpperCase() + account.slice(1),
    device = "tab",
    colour,
    portrait,
    denied,
    permissions = ["camera", "microphone"],
    ...contextOptions
  } = options;
  const viewport = { width: 1000, height: 700 };
  const context = await browser.newContext({ permissions, viewport, ...contextOptions });
  await context.addInitScript(paintCamera, { colour, portrait, denied });
  const page = await context.newPage();
  return new Person(page, context, account).logIn(url, { name, device });
}

/** A person with one page. */
export class Person {
  /** Uncaught errors of the page's scripts; a test fails on them. */
  errors = [];

  constructor(page, context, account) {
    this.page = page;
    this.context = context;
    this.account = account;
    page.on("pageerror", (error) => this.errors.push(error));
  }

  /** Opens the page and logs in. */
  async logIn(url, { name, device }) {
    const { page } = this;
    await page.goto(url);
    await page.fill("#account", this.account);
    await page.fill("#name", name);
    await page.fill("#device", device);
    await page.click("#log-in");
    await page.waitForSelector("#contacts, #stage, #lobby", { state: "attached" });
    return this;
  }

  /** Logs the same person in, in another tab of the same browser. */
  async logInInAnotherTab(url, { name, device }) {
    return new Person(await this.context.newPage(), this.context, this.account).logIn(url, { name, device });
  }

  /** Calls a contact. */
  async call(account, kind = "Video call") {
    await this.page.evaluate(() => globalThis.switchboard.phone.directory.refresh());
    await this.page.click(`.contact[data-user="${account}"] button[aria-label^="${kind} "]`);
  }

  /** Calls several contacts in a group call. */
  async callGroup(...accounts) {
    await this.page.evaluate(() => globalThis.switchboard.phone.directory.refresh());
    for (const account of accounts) await this.page.check(`.contact[data-user="${account}"] input`);
    await this.page.click("#call-group");
  }

  /** Invites `invitee`, who accepts. `name` is the shown name of this person on the page of `invitee`. */
  async addsToCall(invitee, name) {
    await this.click("#people");
    await this.page.fill("#invite", invitee.account);
    await this.click("#invite-go");
    await invitee.isCalledBy(name);
    await invitee.click("#accept");
    await invitee.isInCall();
  }

  /** Waits for the sheet of an invitation from a user with this name. */
  async isCalledBy(name) {
    await until(`${this.account} is called by ${name}`, async () => (await this.text("#caller")) === name);
  }

  /** Waits until no invitation is shown. */
  async isNotCalled() {
    await this.page.waitForSelector("#caller", { state: "detached" });
  }

  click(selector) {
    return this.page.click(selector);
  }

  /** Returns the text of an element, or `undefined` if there is no such element. */
  async text(selector) {
    return this.page.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? undefined, selector);
  }

  async sees(selector) {
    await this.page.waitForSelector(selector);
  }

  /** Waits for a notice with these words. */
  async seesNotice(words) {
    await until(`${this.account} sees the notice: ${words}`, async () => (await this.text(".notices"))?.includes(words));
  }

  /** Waits until this person is in a call. */
  async isInCall() {
    await this.sees('#stage[data-phase="in"]');
  }

  /** Waits until the page shows no call. */
  async hasNoCall() {
    await this.sees("#contacts");
  }

  /** Uses a host tool for a participant, by its label. */
  async useTool(account, label) {
    if (!(await this.page.$("#people-panel"))) await this.click("#people");
    await this.click(`#people-panel [data-user="${account}"] .menu > button`);
    await this.click(`#people-panel [data-user="${account}"] .menu-item:text-is("${label}")`);
  }

  /** Returns totals of the media received from a participant: decoded frames, audio energy, packets of each kind. */
  async mediaFrom(account) {
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

  /** Waits until video and audio of a participant arrive, and more of both follows. */
  async seesAndHears(account) {
    const first = await until(`${this.account} receives media of ${account}`, async () => {
      const sums = await this.mediaFrom(account);
      return sums.frames > 0 && sums.energy > 0 && sums;
    });
    await until(`${this.account} receives more media of ${account}`, async () => {
      const sums = await this.mediaFrom(account);
      return sums.frames > first.frames + 5 && sums.energy > first.energy;
    });
  }

  /** Returns the colour in the middle of a participant's picture, as `[red, green, blue]`. */
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

  /** Waits until a participant's picture has this colour, within the error of a video codec. */
  async seesColour(account, colour) {
    await until(`${this.account} sees ${account} in ${colour}`, async () => {
      const seen = await this.colourOf(account);
      return seen?.every((value, index) => Math.abs(value - colour[index]) < 40);
    });
  }

  /** Closes the page and its browser context. */
  async close() {
    await this.context.close();
  }
}
