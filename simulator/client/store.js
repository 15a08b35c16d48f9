// What the page knows, and how it learns of changes: one person's view of the workspace.
import { act, getHome, getMessages, getModals, getState, stream } from "./api.js";
import { setCustomEmoji } from "./emoji.js";
import { setNow, setZone, noticeTime } from "./time.js";
import { same } from "./dom.js";

export const store = {
  as: null,
  state: null,
  messages: new Map(), // channel → list
  threads: new Map(), // channel/ts → list
  local: new Map(), // channel → notices only this page knows of
  home: undefined,
  modals: [],
  route: { channel: null, tab: "messages", thread: null, at: null },
  down: false,
  peopleStamp: "", // changes when a name would be shown differently
};

const listeners = new Map();
/** Runs `fn` whenever one of `topics` changed: state, route, messages, thread, home, modals, link. */
export function on(topics, fn) {
  for (const topic of [topics].flat()) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(fn);
  }
}
export function tell(topic, detail) {
  for (const fn of listeners.get(topic) || []) fn(detail);
}

let people = new Map();
let channels = new Map();

export const person = (id) => people.get(id);
/** A conversation; `@handle` is one with a person to whom nobody has written yet. */
export const channel = (id) => channels.get(id) || (id?.startsWith("@") ? newIm([...people.values()].find((p) => p.name === id.slice(1))) : undefined);
const newIm = (p) => p && { id: `@${p.name}`, name: p.display, kind: "im", user: p.id, unread: 0, fresh: true };
export const allPeople = () => [...people.values()];
export const me = () => people.get(store.as) || store.state?.me;
export const appChannel = () => (store.state?.channels || []).find((c) => c.kind === "app");
/** The person on the other side of a direct message. */
export const otherOf = (room) => people.get(room.user || room.user_id || room.with) || [...people.values()].find((p) => p.name === room.name || p.real_name === room.name);
export const imWith = (id) => (store.state?.channels || []).find((c) => (c.kind === "im" || c.kind === "app") && (otherOf(c)?.id === id || (c.kind === "app" && id === store.state.app?.bot_user_id)));
/** Where to write to a person: the conversation there is, or a new one. */
export const roomFor = (p) => imWith(p.id) || newIm(p);
export const threadKey = (room, ts) => `${room}/${ts}`;

// --- reading -------------------------------------------------------------------------------------------------

const running = new Map();
/** Runs `job` now, or once more after the run that is under way; never two at a time per key. */
function once(key, job) {
  const had = running.get(key);
  if (had) {
    had.again = true;
    return had.promise;
  }
  const entry = { again: false };
  entry.promise = (async () => {
    try {
      do {
        entry.again = false;
        await job();
      } while (entry.again);
    } catch (error) {
      console.warn(`could not read ${key}:`, error);
    } finally {
      running.delete(key);
    }
  })();
  running.set(key, entry);
  return entry.promise;
}

function takeState(state) {
  const before = store.state;
  people = new Map((state.people || []).map((p) => [p.id, { ...p, display: p.display_name || p.real_name || p.name }]));
  if (state.me && !people.has(state.me.id)) people.set(state.me.id, { ...state.me, display: state.me.real_name || state.me.name });
  const bot = state.app?.bot_user_id;
  if (bot && !people.has(bot)) people.set(bot, { id: bot, name: state.app.name, real_name: state.app.name, display: state.app.name, is_bot: true });
  channels = new Map((state.channels || []).map((c) => [c.id, c]));
  store.state = state;
  store.peopleStamp = JSON.stringify([state.people?.map((p) => [p.id, p.name, p.real_name, p.deleted, p.avatar_color]), state.channels?.map((c) => [c.id, c.name]), state.usergroups]);
  setCustomEmoji(state.emoji);
  setZone(state.me?.tz);
  if (state.now) setNow(Number(state.now));
  const { version: _a, now: _n, ...plain } = state;
  const { version: _b, now: _m, ...old } = before || {};
  const fresh = channel(store.route.channel);
  const real = fresh?.fresh && imWith(fresh.user);
  if (real) goTo({ channel: real.id }, { replace: true });
  if (!before || !same(plain, old)) tell("state");
}

export const readState = () => once("state", async () => takeState(await getState(store.as)));
export const readHome = () => once("home", async () => {
  const home = await getHome(store.as);
  if (store.home !== undefined && same(home, store.home)) return;
  store.home = home;
  tell("home");
});
export const readModals = () => once("modals", async () => {
  const modals = await getModals(store.as);
  if (same(modals, store.modals)) return;
  store.modals = modals;
  tell("modals");
});
export const readMessages = (room) => once(`messages ${room}`, async () => {
  if (room.startsWith("@")) return;
  const list = await getMessages(store.as, room);
  const last = list.at(-1);
  if (last && !last.ephemeral) noticeTime(Number(last.ts));
  if (store.messages.has(room) && same(list, store.messages.get(room))) return;
  store.messages.set(room, list);
  tell("messages", room);
});
export const readThread = (room, ts) => once(`thread ${room}/${ts}`, async () => {
  const list = await getMessages(store.as, room, ts);
  const key = threadKey(room, ts);
  if (store.threads.has(key) && same(list, store.threads.get(key))) return;
  store.threads.set(key, list);
  tell("thread", key);
});

/** Reads again everything the person has before them. */
export function readAll() {
  const { channel: room, thread } = store.route;
  return Promise.all([readState(), readModals(), store.home !== undefined && readHome(), room && readMessages(room), room && thread && readThread(room, thread)]);
}

let rest = 0;
/** Changes come in bursts; a few milliseconds' wait makes one reading of them. */
const dirty = new Set();
function soon(key, job) {
  dirty.add([key, job]);
  if (rest) return;
  rest = setTimeout(() => {
    rest = 0;
    const jobs = new Map(dirty);
    dirty.clear();
    for (const run of jobs.values()) run();
  }, 15);
}

function onEvent(change) {
  const { kind, channel: room, thread } = change;
  if (kind === "toast") return tell("toast", change);
  if (kind === "modals") return soon("modals", readModals);
  if (kind === "home") return soon("home", readHome);
  if (kind === "message" || kind === "thread" || kind === "messages") {
    soon("state", readState);
    if (room) {
      // What is not on the screen is read when it is next opened.
      if (room === store.route.channel) soon(`m${room}`, () => readMessages(room));
      else store.messages.delete(room);
      const shown = store.route.thread;
      for (const key of [...store.threads.keys()]) if (key.startsWith(`${room}/`) && !(room === store.route.channel && key.endsWith(`/${shown}`))) store.threads.delete(key);
      if (room === store.route.channel && shown && (!thread || thread === shown || kind === "message")) soon(`t${room}/${shown}`, () => readThread(room, shown));
    }
    return;
  }
  // Anything may have changed: what is not on the screen is forgotten, what is on it is read again.
  for (const key of [...store.messages.keys()]) if (key !== store.route.channel) store.messages.delete(key);
  soon("all", readAll);
}

export function connect() {
  stream(store.as, {
    onEvent,
    onOpen() {
      if (store.down) {
        store.down = false;
        tell("link");
      }
      // Also the first time: something may have changed between the first reading and the opening of the stream.
      readAll();
    },
    onDown() {
      store.down = true;
      setTimeout(() => store.down && tell("link"), 1200);
    },
  });
}

// --- doing ---------------------------------------------------------------------------------------------------

export const doAct = (what, fields) => act(store.as, what, fields);

/** A notice from "Slackbot" that only this page shows, like Slack's own client. */
export function slackbot(room, text, thread) {
  const list = store.local.get(room) || [];
  list.push({ ts: (Math.max(Date.now() / 1000, Number(store.messages.get(room)?.filter((m) => !m.ephemeral).at(-1)?.ts || 0)) + 0.000001).toFixed(6), user: "USLACKBOT", text, ephemeral: true, slackbot: true, thread_ts: thread || undefined });
  store.local.set(room, list);
  tell("messages", room);
  if (thread) tell("thread", threadKey(room, thread));
}

// --- where one is --------------------------------------------------------------------------------------------

const routeKey = () => `route:${store.as}`;

function writeRoute(replace) {
  const { channel: room, tab, thread } = store.route;
  const hash = `#/${room}${tab !== "messages" ? `/${tab}` : ""}${thread ? `/thread/${thread}` : ""}`;
  sessionStorage.setItem(routeKey(), hash);
  if (location.hash !== hash) history[replace ? "replaceState" : "pushState"](null, "", hash);
}

function parseRoute(hash) {
  const [room, ...rest] = String(hash || "").replace(/^#\/?/, "").split("/").filter(Boolean);
  const at = rest.indexOf("thread");
  return { channel: room || null, tab: rest[0] && rest[0] !== "thread" ? rest[0] : "messages", thread: at >= 0 ? rest[at + 1] || null : null, at: null };
}

/** Goes to a channel, a tab of the app, a thread. What is not named stays as it is, as far as it fits. */
export function goTo(to, { replace = false } = {}) {
  const was = store.route;
  const moved = to.channel !== undefined && to.channel !== was.channel;
  store.route = {
    channel: to.channel ?? was.channel,
    tab: to.tab ?? (moved ? lastTab.get(to.channel) || "messages" : was.tab),
    thread: to.thread !== undefined ? to.thread : moved ? null : was.thread,
    at: to.at ?? null,
  };
  lastTab.set(store.route.channel, store.route.tab);
  writeRoute(replace);
  arrive(was);
}
const lastTab = new Map();

function arrive(was) {
  const { channel: room, tab, thread } = store.route;
  if (room !== was.channel || tab !== was.tab) tell("arrived", was);
  tell("route", was);
  if (room) readMessages(room);
  if (room && thread) readThread(room, thread);
}

/** Finds the first place to show: the address, what was shown last, the app, the first channel. */
export function firstRoute() {
  const candidates = [parseRoute(location.hash), parseRoute(sessionStorage.getItem(routeKey()))];
  const place = candidates.find((c) => c.channel && channel(c.channel));
  goTo(place || { channel: (appChannel() || store.state.channels?.[0])?.id, tab: "messages" }, { replace: true });
}
addEventListener("popstate", () => {
  const to = parseRoute(location.hash);
  if (!store.state || !to.channel || !channel(to.channel)) return;
  const was = store.route;
  store.route = to;
  arrive(was);
});
