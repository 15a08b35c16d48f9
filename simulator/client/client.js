// One person's workspace: sidebar, the conversation in the middle, the thread beside it.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./popover.js";
import { appIcon, avatar, badge, showPerson } from "./person.js";
import { aboutTab, homeTab } from "./apphome.js";
import { Composer } from "./composer.js";
import { channelMessages, introOf, MessageList, threadMessages } from "./messages.js";
import { countOf, rail, roomName, sidebar, topnav } from "./sidebar.js";
import { mrkdwn } from "./mrkdwn.js";
import { appChannel, channel, doAct, goTo, me, on, otherOf, person, store, threadKey } from "./store.js";
import "./modal.js";

export function client() {
  const head = h("header", { class: "head" });
  const tabs = h("div", { class: "tabs", role: "tablist" });
  const list = new MessageList({ intro: () => introOf(store.route.channel) });
  const composer = new Composer();
  const closedNote = h("div", { class: "closed-note", hidden: true });
  const conversation = h("div", { class: "conversation", role: "tabpanel", "aria-label": "Messages" }, list.node, composer.node, closedNote);
  const home = homeTab();
  let about = null;
  const stage = h("div", { class: "stage" });
  const lost = h("div", { class: "lost", role: "status", hidden: true }, h("span", { class: "spinner" }), "Connection lost. Trying again…");
  const off = h("div", { class: "lost off", role: "status", hidden: true });
  const main = h("main", { class: "main", "data-qa": "main" }, head, tabs, lost, off, stage);

  const threadList = new MessageList({ inThread: true });
  const threadComposer = new Composer({ thread: true });
  const threadHead = h("header", { class: "head thread-head" });
  const thread = h("aside", { class: "thread", "aria-label": "Thread", "data-qa": "thread", hidden: true }, threadHead, threadList.node, threadComposer.node);

  const body = h("div", { class: "frame" }, rail(), h("div", { class: "panes" }, sidebar(), main, thread));
  const node = h("div", { id: "client", class: "client" }, topnav(), body);

  main.addEventListener("pointerdown", () => node.classList.remove("drawer"));

  let newFrom = null;
  let wantNew = 0;

  function drawHead() {
    const c = channel(store.route.channel);
    if (!c) return head.replaceChildren();
    const name = roomName(c);
    const lead = c.kind === "app" ? appIcon(store.state.app, 24) : c.kind === "im" ? avatar(otherOf(c) || { name }, 24) : icon(c.private ? "lock" : "hash", 18);
    const who = c.kind === "im" ? otherOf(c) : null;
    head.replaceChildren(h("h1", { class: "head-title" }, h("button", { type: "button", class: "head-name", "data-qa": "head-name", on: { click: (event) => who && showPerson(event.currentTarget, who.id) } }, lead, h("span", { class: "head-words" }, name), c.kind === "app" ? h("span", { class: "app-badge" }, "APP") : badge(who))));
    const soft = c.kind === "channel" ? c.topic : who?.title;
    if (soft) head.append(h("span", { class: "head-topic", title: soft }, mrkdwn(soft)));
    const members = Array.isArray(c.members) ? c.members : null;
    if (members?.length && c.kind === "channel") head.append(h("span", { class: "head-members", title: members.map((id) => person(id)?.display || id).join(", ") }, members.slice(0, 3).map((id) => avatar(person(id) || { id, name: id }, 20)), h("span", {}, String(members.length))));
    const isApp = c.kind === "app";
    tabs.hidden = !isApp;
    if (isApp) {
      tabs.replaceChildren(...[["home", "Home"], ["messages", "Messages"], ["about", "About"]].filter(([id]) => store.state.app?.[`${id}_tab`] !== false).map(([id, words]) => h("button", { type: "button", role: "tab", class: `tab${store.route.tab === id ? " here" : ""}`, "aria-selected": String(store.route.tab === id), "data-qa": `tab-${id}`, on: { click: () => goTo({ tab: id }) } }, words)));
    }
  }

  function drawStage() {
    const c = channel(store.route.channel);
    const tab = c?.kind === "app" ? store.route.tab : "messages";
    const wanted = tab === "home" ? home.node : tab === "about" ? (about ||= aboutTab()) : conversation;
    if (stage.firstChild !== wanted) {
      stage.replaceChildren(wanted);
      if (wanted === conversation) {
        list.toBottom();
        composer.changed({ quiet: true });
      }
    }
  }

  function drawMessages(room) {
    const here = store.route.channel;
    if (room && room !== here) return;
    const all = channelMessages(here);
    if (wantNew && all.length) {
      const others = all.filter((m) => m.user !== store.as && !m.ephemeral);
      newFrom = others.at(-Math.min(wantNew, others.length))?.ts || null;
      wantNew = 0;
    }
    list.draw(here, all, { newFrom });
    if (store.route.at && list.show(store.route.at)) store.route.at = null;
    read();
  }

  /** What is on the screen counts as read. */
  function read() {
    const { channel: room, tab } = store.route;
    const c = channel(room);
    if (!c || !countOf(c) || document.hidden || (c.kind === "app" && tab !== "messages")) return;
    const last = (store.messages.get(room) || []).at(-1);
    if (last && list.stuck) doAct("mark_read", { channel: room, ts: last.ts });
  }
  document.addEventListener("visibilitychange", read);
  list.scroller.addEventListener("scrollend", read);

  function drawThread() {
    const { channel: room, thread: ts } = store.route;
    const open = Boolean(ts);
    thread.hidden = !open;
    node.classList.toggle("with-thread", open);
    if (!open) return;
    const c = channel(room);
    threadHead.replaceChildren(h("span", { class: "head-name" }, h("span", { class: "head-words" }, "Thread")), h("span", { class: "head-topic" }, `${c?.kind === "channel" ? "# " : ""}${c ? roomName(c) : ""}`), h("button", { type: "button", class: "icon-button", "aria-label": "Close thread", "data-qa": "thread-close", on: { click: () => goTo({ thread: null }) } }, icon("close")));
    threadComposer.alsoWords.textContent = c?.kind === "channel" ? `Also send to #${c.name}` : "Also send as direct message";
    threadComposer.to(room, ts, "Reply…");
    threadList.draw(room, threadMessages(room, ts));
    if (store.route.at && threadList.show(store.route.at)) store.route.at = null;
  }

  function drawComposer() {
    const c = channel(store.route.channel);
    if (!c) return;
    const name = roomName(c);
    composer.to(c.id, null, `Message ${c.kind === "channel" ? "#" : ""}${name}`);
    const who = c.kind === "im" ? otherOf(c) : null;
    const app = store.state.app || {};
    const shut = who?.deleted ? `${who.display}'s account has been deactivated.`
      : c.archived ? `#${c.name} is archived.`
      : c.kind === "channel" && c.member === false ? `You are viewing #${c.name}, of which you are not a member.`
      : c.kind === "app" && (app.messages_read_only || app.messages_tab === false) ? "Sending messages to this app has been turned off."
      : "";
    composer.node.hidden = Boolean(shut);
    closedNote.hidden = !shut;
    closedNote.textContent = shut;
    off.hidden = !me()?.deleted;
    off.textContent = me()?.deleted ? `${me().display}'s account is deactivated: nothing can be done as this person.` : "";
  }

  on("route", (was) => {
    const moved = was.channel !== store.route.channel;
    if (moved) {
      list.reset();
      newFrom = null;
      wantNew = countOf(channel(store.route.channel) || {});
    }
    if (was.thread !== store.route.thread || moved) threadList.reset();
    drawHead();
    drawStage();
    drawComposer();
    drawMessages();
    drawThread();
    if (moved || was.tab !== store.route.tab) composer.area.offsetParent && matchMedia("(hover: hover)").matches && composer.focus();
    if (store.route.thread && was.thread !== store.route.thread) threadComposer.focus();
    document.title = `${roomName(channel(store.route.channel) || {}) || "Workspace"} · ${me()?.display || ""} · ${store.state.team?.name || ""}`;
  });
  on("arrived", () => {
    const c = channel(store.route.channel);
    if (c?.kind !== "app") return;
    if (store.route.tab === "home") home.open();
    else if (store.route.tab === "messages") doAct("open_app", { channel: c.id, tab: "messages" });
  });
  on("state", () => {
    about = null;
    drawHead();
    if (store.route.tab === "about") drawStage();
    drawComposer();
    drawMessages();
    drawThread();
  });
  on("messages", (room) => {
    drawMessages(room);
    if (room === store.route.channel && store.route.thread) drawThread();
  });
  on("thread", (key) => key === threadKey(store.route.channel, store.route.thread) && drawThread());
  on("link", () => { lost.hidden = !store.down; });
  on("toast", (change) => {
    const text = change.text || change.message || change.error;
    // A failed command is told as Slackbot's words in the conversation already, a failed submission in the modal.
    if (/^\/\S+ failed with the error|^We had some trouble connecting/.test(text || "")) return;
    toast(text, { kind: change.level === "info" ? "" : "error" });
  });
  if (!appChannel()) about = null;
  return node;
}
