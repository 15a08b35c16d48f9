// The main journey, as people do it: clicks and keys in Chromium, one chapter at a time.
//
//   node journey.mjs CHAPTER PAGE SHOTS     (tests/browser/run sets PLAYWRIGHT and CHROMIUM and starts the demo)
//
// A chapter ends at the first thing that is not as it should be, with a screenshot of it. Waits are for what a person
// would wait for, never for a time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = await import(pathToFileURL(process.env.PLAYWRIGHT));
const [chapter, origin, shots] = process.argv.slice(2);
const PATIENCE = 20_000;

const id = (key) => `U0${key.toUpperCase().padEnd(7, "0")}`;

// --- one person's workspace, alone on a page or in a column of it

class Somebody {
  constructor(page, place, key) {
    Object.assign(this, { page, place, key });
  }
  qa(name, rest = "") {
    return this.place.locator(`[data-qa="${name}"]${rest}`);
  }
  async room(name) {
    await this.qa("channel", `[data-name="${name}"]`).click();
  }
  /** The app's own conversation, at one of its tabs. */
  async app(tab = "messages") {
    await this.qa("channel", '[data-kind="app"]').click();
    await this.qa(`tab-${tab}`).click();
  }
  async type(words) {
    await this.qa("composer").fill(words);
    await this.qa("send").click();
  }
  /** Types a command; the answer that only this person sees. */
  async asks(words, answer) {
    await this.type(words);
    const said = this.qa("message", '[data-ephemeral="true"]').filter({ hasText: answer }).last();
    await said.waitFor();
    return said;
  }

  // the form
  get form() {
    return this.qa("modal").last();
  }
  field(action) {
    return this.form.locator(`[data-qa-action="${action}"]`).first();
  }
  /** Opens a picker, searches it, and takes what is called `wanted` (or only looks). */
  async pick(action, search, wanted) {
    await this.field(action).click();
    if (search) await this.field(action).fill(search);
    const option = this.qa("option").filter({ hasText: wanted }).first();
    await option.waitFor();
    return option;
  }
  async choose(action, search, wanted) {
    await (await this.pick(action, search, wanted)).click();
  }
  async says(text) {
    await this.form.getByText(text).first().waitFor();
  }
  async submit() {
    await this.form.locator('[data-qa="modal-submit"]').click();
  }
  /** An error under one of the form's questions. */
  async refused(words) {
    await this.form.locator('[data-qa="field-error"]').filter({ hasText: words }).waitFor();
  }
  async submitted() {
    await this.submit();
    await this.qa("modal").waitFor({ state: "detached" });
  }

  // messages
  get thread() {
    return this.qa("thread");
  }
  /** The newest message with these words in it. */
  card(...words) {
    return words.reduce((found, text) => found.filter({ hasText: text }), this.qa("main").locator('[data-qa="message"]')).last();
  }
  button(inside, words) {
    return inside.locator('[data-qa="block-button"]').filter({ hasText: new RegExp(`^${words}$`) });
  }
  async click(inside, words) {
    await this.button(inside, words).click();
  }
  async yes() {
    await this.qa("confirm-yes").click();
  }
  /** Opens the thread under a card. */
  async reply(card, words) {
    if (!(await this.thread.isVisible())) {
      await card.hover();
      await card.locator('[data-qa="reply"], [data-qa="thread-bar"]').first().click();
    }
    await this.qa("thread-composer").fill(words);
    await this.qa("thread-send").click();
  }
  async hears(words, by) {
    // Carried over by the app, under the name of who wrote it.
    const said = this.thread.locator('[data-qa="message"]').filter({ hasText: words });
    await (by ? said.filter({ hasText: by }) : said).first().waitFor();
    same(await said.count(), 1, `“${words}” is there once`);
    return said.first();
  }
  async quiet(name) {
    if (await this.thread.isVisible()) await this.qa("thread-close").click();
    if (name) await this.room(name);
  }
}

// --- the browser

const profile = mkdtempSync(join(tmpdir(), "c1-journey."));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM,
  headless: true,
  viewport: { width: 1600, height: 1000 },
  timezoneId: "Europe/Berlin",
  locale: "en-GB",
  reducedMotion: "reduce",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
browser.setDefaultTimeout(PATIENCE);

const complaints = [];
function listen(page) {
  page.on("pageerror", (error) => complaints.push(`the page broke: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(`the page complained: ${message.text()}`));
}
browser.on("page", listen);

let page = await browser.newPage();

/** Several people side by side, or one alone. */
async function open(...keys) {
  if (page.url() !== "about:blank") {
    await page.close();
    page = await browser.newPage();
  }
  await page.goto(`${origin}/?as=${keys.map(id).join(",")}`, { waitUntil: "load" });
  const everyone = keys.map((key) => new Somebody(page, keys.length > 1 ? page.frameLocator(`iframe[data-user="${id(key)}"]`) : page, key));
  for (const one of everyone) await one.qa("composer").or(one.qa("home")).first().waitFor();
  return everyone;
}

let taken = 0;
async function shot(name, options = {}, of = page) {
  taken += 1;
  // Pictures and fonts are there, and nothing moves.
  await of.waitForTimeout(250);
  await of.screenshot({ path: join(shots, `${String(taken).padStart(2, "0")}-${name}.png`), ...options });
}

async function pass(label) {
  await page.locator('[data-qa="control"]').filter({ hasText: label }).click();
  await page.locator('[data-qa="toast"]').filter({ hasText: "It is now" }).first().waitFor();
}

/** Follows the link on somebody's card to the page of the request, and signs in there as they. */
async function details(card, key) {
  const [opened] = await Promise.all([browser.waitForEvent("page"), card.getByText("Grant Ana Alvarez").first().click()]);
  await opened.getByRole("link", { name: "Sign in with Slack" }).click();
  await opened.locator(`[data-qa="sign-in-as"][data-person="${key}"]`).click();
  await opened.getByRole("heading", { level: 1, name: /Grant Ana Alvarez/ }).waitFor();
  return opened;
}

// --- saying what is wrong

function same(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`);
}
async function none(locator, what) {
  await locator.first().waitFor({ state: "detached" }).catch(() => {
    throw new Error(`${what} is there and should not be`);
  });
}
async function scene(name, job) {
  const began = Date.now();
  try {
    await job();
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
  console.log(`    ✓ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

// --- the chapters

const REASON = "Ticket PAY-1187: refunds are counted twice since Monday; I want to compare three orders.";

/** Fills in the form from the words after the command, as far as the app; then by hand. */
async function request(who, { words = "", app, access, length, reason, emergency }) {
  await who.type(`/c1 request ${words}`.trim());
  await who.form.waitFor();
  if (app) await who.choose("form_app", app, app);
  if (access) await who.choose("form_entitlement", access.split(" / ").pop(), access);
  if (emergency) await who.form.locator('[data-qa-action="form_emergency"]').check();
  if (length) await who.choose("form_length", "", length);
  await who.field("form_reason").fill(reason);
}

const chapters = {
  async main() {
    await scene("Ana looks around and finds the command", async () => {
      await page.goto(origin, { waitUntil: "load" });
      await page.locator('[data-qa="as"]').click();
      await shot("who-to-be");
      await page.locator('[data-qa="as-option"][data-name="ana"]').click();
      const ana = new Somebody(page, page, "ana");
      await page.locator(`[data-qa="as"][data-user="${id("ana")}"]`).waitFor();
      await ana.room("general");
      await ana.qa("composer").pressSequentially("/c1");
      await ana.qa("command", '[data-command="/c1"]').waitFor();
      await shot("slash-command");
      await ana.qa("composer").press("Tab");
      same(await ana.qa("composer").inputValue(), "/c1 ", "Tab completes the command");
      await ana.qa("composer").press("Enter");
      await ana.qa("message", '[data-ephemeral="true"]').filter({ hasText: "/c1 request" }).last().waitFor();
      await shot("help");
      await ana.asks("/c1 acess", "Did you mean");
    });

    await scene("the form: words, search, a refusal inside it", async () => {
      const [ana] = await open("ana");
      await ana.room("general");
      await ana.type("/c1 request orders");
      await ana.says("more than one kind of access");
      await shot("form-from-words");
      await ana.pick("form_app", "git", "GitHub");
      await shot("form-search-apps");
      // Whoever types on while the form is redrawn loses neither letters nor place.
      const late = async (route) => {
        await new Promise((done) => setTimeout(done, 600));
        await route.continue();
      };
      await page.route("**/sim/modals?*", late);
      await ana.choose("form_app", "git", "GitHub");
      await ana.field("form_reason").click();
      await page.keyboard.type("typed while");
      await none(ana.form.getByText("more than one kind of access"), "the hint about what was typed before");
      await page.keyboard.type(" it is redrawn");
      same(await ana.field("form_reason").inputValue(), "typed while it is redrawn", "what was typed meanwhile");
      await page.unrouteAll({ behavior: "wait" });
      await ana.choose("form_app", "prod", "Production database");
      await ana.field("form_reason").fill(REASON);
      await ana.pick("form_entitlement", "orders", "orders / Read");
      await shot("form-search-access");
      await ana.choose("form_entitlement", "orders", "orders / Read");
      await ana.says("one of");
      await shot("form-who-is-asked");
      await ana.choose("form_length", "", "Other…");
      await ana.field("form_custom_length").waitFor();
      await ana.field("form_custom_length").fill("a fortnight or so");
      await ana.submit();
      await ana.refused("is not a length");
      same(await ana.field("form_reason").inputValue(), REASON, "the reason is kept");
      same(await ana.field("form_custom_length").inputValue(), "a fortnight or so", "the length is kept");
      await shot("form-refused");
      await ana.field("form_custom_length").fill("90m");
      await shot("form-ready");
      await ana.submitted();
    });

    await scene("the confirmation in the app's Messages tab", async () => {
      const ana = new Somebody(page, page, "ana");
      await ana.app();
      const card = ana.card("You have created a new access request", "orders");
      for (const words of ["Grant Ana Alvarez Read", "Production database", "1 hour 30 minutes", REASON, "Awaiting approval from"]) {
        await card.getByText(words).first().waitFor();
      }
      await ana.button(card, "Cancel request").waitFor();
      await shot("confirmation");
    });

    await scene("side by side: talk, approve, every copy changes", async () => {
      const [ana, dan, carla] = await open("ana", "dan", "carla");
      for (const one of [ana, dan, carla]) await one.app();
      const asked = (one) => one.card("Ana Alvarez asks for access", "orders");
      const mine = ana.card("You have created a new access request", "orders");
      for (const one of [dan, carla]) await one.button(asked(one), "Approve").waitFor();
      await shot("three-people");

      await ana.reply(mine, "I only need three orders, *not* customers :pray:");
      await dan.place.locator('[data-qa="thread-bar"]').first().click();
      await dan.hears("I only need three orders", "Ana Alvarez");
      await dan.reply(asked(dan), "Which three? @Ana Alvarez");
      await ana.hears("Which three?", "Dan Dube");
      await ana.reply(mine, "1001, 1002 and 1007");
      await dan.hears("1001, 1002 and 1007", "Ana Alvarez");
      await shot("three-people-talk");
      await dan.quiet();
      await ana.quiet();

      await asked(dan).locator('[data-qa="text-input"]').fill("Fine, the three only.");
      await dan.click(asked(dan), "Approve");
      await mine.getByText("Active until").first().waitFor();
      await mine.getByText("Approved by").first().waitFor();
      for (const one of [dan, carla]) {
        await asked(one).getByText(/pproved by/).first().waitFor();
        await none(one.button(asked(one), "Approve"), `an Approve button before ${one.key}`);
        await none(one.button(asked(one), "Deny"), `a Deny button before ${one.key}`);
      }
      await none(ana.button(mine, "Cancel request"), "a Cancel button");
      await ana.button(mine, "I'm done").waitFor();
      await shot("approved-everywhere");
      // Carla did not take part in the talk, and has it all.
      await carla.place.locator('[data-qa="thread-bar"]').first().click();
      for (const words of ["I only need three orders", "Which three?", "1001, 1002 and 1007"]) await carla.hears(words);
      await shot("approved-thread");
      await carla.quiet();
    });

    await scene("time passes, and the access ends by itself", async () => {
      const [ana, dan] = await open("ana", "dan");
      const mine = ana.card("You have created a new access request", "orders");
      await ana.app();
      await dan.app();
      await pass("1 hour");
      await pass("1 hour");
      await mine.getByText(/Ended/).first().waitFor();
      await none(ana.button(mine, "I'm done"), "an I'm done button");
      await dan.card("Ana Alvarez asks for access", "orders").getByText(/Ended/).first().waitFor();
      await shot("ended");
    });

    await scene("denied, with a reason that is asked for", async () => {
      const [ana, erin] = await open("ana", "erin");
      await ana.room("general");
      await erin.app();
      await request(ana, { words: "prod superuser", reason: "To see whether I can." });
      await ana.submitted();
      await ana.app();
      const asked = erin.card("Ana Alvarez asks for access", "Superuser");
      await erin.click(asked, "Deny");
      await erin.form.waitFor();
      await shot("deny-asks-why");
      await erin.submit();
      await erin.refused("complete this required field");
      await erin.field("decision_reason").fill("Superuser is for repairs. Please ask for orders / Read.");
      await erin.submitted();
      const mine = ana.card("You have created a new access request", "Superuser");
      await mine.getByText("Denied by").first().waitFor();
      await mine.getByText("Superuser is for repairs").first().waitFor();
      await none(erin.button(asked, "Deny"), "a Deny button");
      await shot("denied");
    });

    await scene("two steps: the manager from the Home tab, then an owner", async () => {
      const [ana, bob] = await open("ana", "bob");
      await ana.room("general");
      await request(ana, { words: "prod", access: "orders / Write", reason: "PAY-1190: take the second count back from order 1007." });
      await ana.says("then one of");
      await shot("form-two-steps");
      await ana.submitted();
      await ana.app("home");
      await bob.app("home");
      await bob.qa("home").getByText("Waiting for you").waitFor();
      await shot("home-of-both");
      await bob.click(bob.qa("home"), "Approve");
      await bob.qa("home").getByText("Nothing waits for you").waitFor();
      await ana.qa("home").getByText(/Awaiting approval from/).first().waitFor();

      const [, dan] = await open("ana", "dan");
      const two = new Somebody(page, page.frameLocator(`iframe[data-user="${id("ana")}"]`), "ana");
      await two.app();
      await dan.app();
      const asked = dan.card("Ana Alvarez asks for access", "orders", "Write");
      await dan.click(asked, "Approve");
      await dan.form.waitFor();
      await dan.field("decision_reason").fill("Checked with finance.");
      await shot("approve-asks-why");
      await dan.submitted();
      const mine = two.card("You have created a new access request", "Write");
      await mine.getByText("Active until").first().waitFor();
      await shot("two-steps-done");
    });

    await scene("the page of a request: signed in, talked, approved, and kept up to date", async () => {
      const [ana, bob] = await open("ana", "bob");
      await ana.room("general");
      await bob.app();
      await request(ana, { words: "github payments write", reason: "PAY-1201: the release branch is stuck." });
      await ana.submitted();
      await ana.app();
      const mine = ana.card("You have created a new access request", "payments");
      const asked = bob.card("Ana Alvarez asks for access", "payments");
      await bob.button(asked, "Approve").waitFor();
      const his = await details(asked, "bob");
      await his.locator("[data-connected]").waitFor();
      await his.keyboard.press("Tab");
      same(await his.evaluate(() => document.activeElement.textContent), "Skip to the content", "where the keyboard begins");
      await shot("details", {}, his);
      // What others say arrives while he writes, and what he writes stays.
      const reason = his.getByLabel(/Your reason/);
      await reason.fill("Fine, until");
      await ana.reply(mine, "only until *tonight*");
      const said = (words) => his.locator("[data-comment]").filter({ hasText: words });
      await said("only until tonight").waitFor();
      same(await said("only until tonight").locator("b").filter({ hasText: "tonight" }).count(), 1, "bold words on the page");
      same(await reason.inputValue(), "Fine, until", "what Bob is writing");
      await his.getByLabel("Your comment").fill("Good. Which branch?");
      await his.getByRole("button", { name: "Send" }).click();
      await his.getByText("Your comment is sent").waitFor();
      await ana.hears("Which branch?", "Bob Brandt");
      await his.locator("[data-connected]").waitFor();
      await ana.reply(mine, "release-7");
      await said("release-7").waitFor();
      // Beside what she says is her picture, as Slack keeps it; the letters under it are for whoever has none.
      const pictures = his.locator("[data-comment] .face img");
      await pictures.first().scrollIntoViewIfNeeded();
      await his.waitForFunction(() => [...document.querySelectorAll("[data-comment] .face img")].every((img) => img.complete && img.naturalWidth > 0));
      same(await pictures.count(), await his.locator("[data-comment]").count(), "pictures beside comments");
      await shot("details-talk", { fullPage: true }, his);
      await his.getByLabel(/Your reason/).fill("Fine, until tonight.");
      await his.getByRole("button", { name: "Approve" }).click();
      await his.getByText("Thank you for deciding").waitFor();
      await his.locator("#head .badge").filter({ hasText: "Active" }).waitFor();
      same(await his.getByRole("button", { name: "Approve" }).count(), 0, "Approve buttons on the page");
      await mine.getByText("Active until").first().waitFor();
      await none(bob.button(asked, "Approve"), "an Approve button in Slack");
      // What is done in Slack stands on the page without asking.
      await ana.click(mine, "I'm done");
      await ana.yes();
      await his.locator("#head .badge").filter({ hasText: "Ended" }).waitFor();
      for (const [name, width, colorScheme] of [["phone", 390, "light"], ["phone-dark", 390, "dark"], ["dark", 1280, "dark"]]) {
        await his.setViewportSize({ width, height: 900 });
        await his.emulateMedia({ colorScheme });
        same(await his.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, `the page fits ${width} pixels`);
        await shot(`details-${name}`, { fullPage: true }, his);
      }
      // His session is over while he writes: nothing is sent, and nothing is lost.
      await browser.clearCookies();
      await his.getByLabel("Your comment").fill("Thanks for\nending it early.");
      await his.getByRole("button", { name: "Send" }).click();
      await his.getByText("What you wrote is kept for half an hour").waitFor();
      await shot("details-kept", {}, his);
      await his.getByRole("link", { name: "Sign in with Slack" }).click();
      await his.locator('[data-qa="sign-in-as"][data-person="bob"]').click();
      await his.getByText("nothing has happened yet").waitFor();
      same(await his.getByLabel("Your comment").inputValue(), "Thanks for\nending it early.", "what Bob had written");
      await shot("details-kept-again", { fullPage: true }, his);
      await his.getByRole("button", { name: "Send" }).click();
      await his.getByText("Your comment is sent").waitFor();
      same(await said("ending it early").count(), 1, "his comment");
      await his.getByRole("button", { name: "Sign out" }).click();
      await his.getByText("You are signed out").waitFor();
      await his.close();
      await ana.quiet();
    });

    await scene("done early, from the Home tab", async () => {
      const [ana] = await open("ana");
      await ana.app("home");
      await ana.qa("home").getByText("My access (1)").waitFor();
      await shot("home");
      await ana.click(ana.qa("home"), "I'm done");
      await shot("im-done");
      await ana.yes();
      await ana.qa("home").getByText("You hold nothing through me yet").waitFor();
    });

    await scene("the emergency toggle, for those who may", async () => {
      const [ana, bob] = await open("ana", "bob");
      for (const [one, sees] of [[ana, 1], [bob, 0]]) {
        await one.room("general");
        await request(one, { words: "prod orders write", reason: "Checkout is down, the queue is stuck." });
        await one.says(sees ? "then one of" : /Will be asked/);
        same(await one.form.locator('[data-qa-action="form_emergency"]').count(), sees, `toggles before ${one.key}`);
      }
      await shot("toggle-for-ana-only");
      await bob.form.locator('[data-qa="modal-close"]').click();
      await ana.form.locator('[data-qa-action="form_emergency"]').check();
      await ana.says("Nobody has to approve this");
      same(await ana.field("form_reason").inputValue(), "Checkout is down, the queue is stuck.", "the reason is kept");
      await shot("emergency-form");
      await ana.submitted();
      await ana.app();
      const mine = ana.card("⚡", "You have created a new access request");
      await mine.getByText("Active until").first().waitFor();
      await bob.app();
      await shot("emergency");
    });

    await scene("set up by hand", async () => {
      const [priya, olu, hana] = await open("priya", "olu", "hana");
      for (const one of [olu, hana]) await one.app();
      await priya.room("general");
      await request(priya, { words: "salesforce access", reason: "I start in Sales today." });
      await priya.submitted();
      await priya.app();
      await olu.click(olu.card("Priya Patel asks for access"), "Approve");
      const task = hana.card("Please set up access for Priya Patel");
      await task.getByText("New user, licence").waitFor();
      const mine = priya.card("You have created a new access request");
      await mine.getByText("Being set up by").first().waitFor();
      await shot("by-hand");
      await hana.click(task, "Provisioned");
      await mine.getByText("set up by").first().waitFor();
      await none(hana.button(hana.card("access for Priya Patel"), "Provisioned"), "a Provisioned button");
      await shot("by-hand-done");
    });

    await scene("what commands say", async () => {
      const [ana, bob] = await open("ana", "bob");
      for (const one of [ana, bob]) await one.room("help-it");
      await ana.asks("/c1 list", "Your requests");
      await ana.asks("/c1 access", "Your access");
      await shot("lists");
      await bob.asks("/c1 approvals", "Nothing waits for you");
      await bob.asks("/c1 access", "You hold nothing");
      await ana.asks("/c1 show 1", "orders");
      await bob.asks("/c1 show 4711", "There is no request #4711 that you can see");
      await shot("show");
    });

    await scene("cancelled by the one who asked", async () => {
      const [jun] = await open("jun");
      await jun.room("general");
      await request(jun, { app: "Figma", access: "Editor", reason: "One icon." });
      await jun.submitted();
      await jun.app();
      const mine = jun.card("You have created a new access request", "Figma");
      await jun.click(mine, "Cancel request");
      await jun.yes();
      await mine.getByText("Cancelled by you").first().waitFor();
      await none(jun.button(mine, "Cancel request"), "a Cancel button");
    });
  },

  async kept() {
    await scene("a second start has everything as it was", async () => {
      const [ana, dan] = await open("ana", "dan");
      await ana.app();
      await dan.app();
      await ana.card("You have created a new access request", REASON).getByText(/Ended/).first().waitFor();
      await dan.card("Ana Alvarez asks for access", REASON).getByText(/pproved by/).first().waitFor();
      await ana.room("general");
      await ana.asks("/c1 list", "Superuser");
      await shot("kept");
    });
  },

  async asked() {
    await scene("Jun submits, and c1 is killed at that moment", async () => {
      const [jun] = await open("jun");
      await jun.room("general");
      await request(jun, { words: "github payments write", reason: "Asked just before the lights went out." });
      await jun.submitted();
    });
  },

  async finished() {
    await scene("after a kill -9 nothing is lost", async () => {
      const [jun, bob] = await open("jun", "bob");
      await jun.app();
      await bob.app();
      const asked = bob.card("Jun Jeong asks for access", "payments");
      // What the small Slack had not written down when it was killed is found missing by looking, within a minute.
      await bob.button(asked, "Approve").waitFor({ timeout: 90_000 });
      await bob.click(asked, "Approve");
      const mine = jun.card("You have created a new access request", "payments");
      await mine.getByText("Active until").first().waitFor({ timeout: 90_000 });
      same(await jun.qa("main").locator('[data-qa="message"]').filter({ hasText: "lights went out" }).count(), 1, "cards before Jun");
      same(await bob.qa("main").locator('[data-qa="message"]').filter({ hasText: "lights went out" }).count(), 1, "cards before Bob");
      await shot("finished");
    });
  },

  /** What the README shows. */
  async pictures() {
    const picture = async (name) => {
      await page.mouse.move(5, 5);
      await page.waitForTimeout(400);
      await page.screenshot({ path: join(shots, `${name}.png`) });
    };
    await scene("the form", async () => {
      const [ana] = await open("ana");
      await ana.room("general");
      await request(ana, { words: "prod orders write", reason: "PAY-1190: refunds of order 1007 were counted twice; I take the second count back." });
      await ana.says("then one of");
      await picture("request");
      await ana.submitted();
    });
    await scene("two sides of a request", async () => {
      const [ana, bob] = await open("ana", "bob");
      await ana.app();
      await bob.app();
      await bob.button(bob.card("Ana Alvarez asks for access"), "Approve").waitFor();
      await picture("side-by-side");
    });
    await scene("the page of a request", async () => {
      const [ana, bob] = await open("ana", "bob");
      await ana.app();
      await bob.app();
      const his = await details(bob.card("Ana Alvarez asks for access"), "bob");
      await his.locator("[data-connected]").waitFor();
      await ana.reply(ana.card("You have created a new access request"), "Only order *1007*, and only today.");
      await his.locator("[data-comment]").filter({ hasText: "only today" }).waitFor();
      await his.setViewportSize({ width: 1280, height: 1060 });
      await his.waitForTimeout(400);
      await his.screenshot({ path: join(shots, "details.png") });
      await his.close();
    });
    await scene("the Home tab", async () => {
      const [bob] = await open("bob");
      await bob.room("general");
      await request(bob, { words: "github access", reason: "New laptop." });
      await bob.submitted();
      await request(bob, { words: "aws staging", length: "1 week", reason: "Try the new release." });
      await bob.submitted();
      await bob.app("home");
      for (const words of ["Waiting for you (1)", "My access (1)", "Awaiting approval from"]) await bob.qa("home").getByText(words).first().waitFor();
      await picture("home");
    });
  },

  async fresh() {
    await scene("--fresh starts over", async () => {
      const [ana] = await open("ana");
      await ana.app();
      same(await ana.qa("message").count(), 0, "messages from c1");
      await ana.room("general");
      await ana.asks("/c1 list", "You have not asked for anything yet");
      await ana.app("home");
      await ana.qa("home").getByText("You have not asked for anything yet").waitFor();
      await shot("fresh");
    });
  },
};

let failed = null;
try {
  if (!chapters[chapter]) throw new Error(`there is no chapter “${chapter}”`);
  await chapters[chapter]();
  if (complaints.length) throw new Error(complaints.join("\n"));
} catch (error) {
  failed = error;
  await shot("FAILED").catch(() => {});
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
if (failed) {
  console.error(`    ✕ ${failed.message}`);
  if (complaints.length) console.error(complaints.map((line) => `      ${line}`).join("\n"));
  process.exitCode = 1;
}
