// The left side: workspace, channels, direct messages, apps; and the jump box.
import { h, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { menu, popover } from "./popover.js";
import { mrkdwn } from "./mrkdwn.js";
import { appIcon, avatar, initialsOf, showPerson } from "./person.js";
import { shortcutItems } from "./composer.js";
import { allPeople, goTo, imWith, me, on, otherOf, roomFor, store } from "./store.js";

const closed = new Set();

export const countOf = (c) => (typeof c.unread === "object" && c.unread ? c.unread.count || 0 : Number(c.unread) || 0);
export const roomName = (c) => (c.kind === "im" ? otherOf(c)?.display || c.name : c.kind === "app" ? c.name || store.state.app?.name : c.name);

function face(c, size) {
  if (c.kind === "app") return appIcon(store.state.app, size);
  if (c.kind === "im") return avatar(otherOf(c) || { name: c.name, id: c.id }, size);
  return icon(c.private ? "lock" : "hash", 18);
}

function row(c) {
  const unread = countOf(c);
  const here = store.route.channel === c.id;
  const name = roomName(c);
  const badge = unread && c.kind !== "channel" ? unread : 0;
  return h("button", {
    type: "button",
    class: `side-item ${c.kind}${here ? " here" : ""}${unread ? " unread" : ""}`,
    "aria-current": here ? "page" : null,
    "aria-label": `${c.kind === "channel" ? "channel " : ""}${name}${unread ? `, ${unread} unread` : ""}`,
    title: name,
    "data-qa": "channel",
    "data-name": c.name || name,
    "data-id": c.id,
    "data-kind": c.kind,
    "data-unread": String(unread),
    on: { click: () => { document.getElementById("client").classList.remove("drawer"); goTo({ channel: c.id }); } },
  }, h("span", { class: "side-face" }, face(c, 20), unread && !badge ? h("span", { class: "side-dot" }) : null), h("span", { class: "side-name" }, name), c.kind === "im" && otherOf(c)?.id === store.as ? h("span", { class: "side-you" }, "you") : null, badge ? h("span", { class: "side-badge" }, badge > 99 ? "99+" : String(badge)) : null);
}

const newMessage = () => h("button", { type: "button", class: "side-item", "data-qa": "new-message", title: "New message", on: { click: () => { document.getElementById("client").classList.remove("drawer"); jump(); } } }, h("span", { class: "side-face side-plus" }, icon("plus", 14)), h("span", { class: "side-name" }, "New message"));

function section(id, title, rooms) {
  return { id, title, rooms };
}

export function sidebar() {
  const list = h("div", { class: "side-list" });
  const head = h("div", { class: "side-head" });
  const node = h("nav", { class: "sidebar", "aria-label": "Workspace" }, head, list);

  function drawHead() {
    const team = store.state.team || {};
    head.replaceChildren(
      h("button", { type: "button", class: "side-burger", "aria-label": "Show all conversations", on: { click: () => document.getElementById("client").classList.toggle("drawer") } }, icon("menu", 20)),
      h("button", { type: "button", class: "side-team", "aria-haspopup": "menu", on: { click: (event) => menu(event.currentTarget, [
        { title: team.name || "Workspace" },
        { label: `${team.domain || "workspace"}.slack.com`, hint: "This workspace is simulated on this computer", icon: h("span", { class: "team-tile" }, initialsOf(team.name || "W").slice(0, 1)), run: () => {} },
      ], { label: "Workspace", wide: true }) } }, h("span", { class: "side-team-name" }, team.name || "Workspace"), icon("chevron", 16)),
      h("button", { type: "button", class: "side-tool", "aria-label": "Jump to a conversation", title: "Jump to… (Ctrl K)", on: { click: jump } }, icon("compose", 20)));
  }

  function drawList() {
    const all = store.state.channels || [];
    const sections = [
      section("channels", "Channels", all.filter((c) => c.kind === "channel")),
      { ...section("dms", "Direct messages", all.filter((c) => c.kind === "im")), last: newMessage },
      section("apps", "Apps", all.filter((c) => c.kind === "app")),
    ].filter((s) => s.rooms.length || s.last);
    reconcile(list, sections, {
      key: (s) => s.id,
      sig: (s) => `${JSON.stringify(s.rooms.map((c) => [c.id, c.name, c.unread]))}${store.route.channel}${store.peopleStamp}${closed.has(s.id)}${store.state.app?.name}`,
      make: (s) => {
        const shut = closed.has(s.id);
        const shown = shut ? s.rooms.filter((c) => countOf(c) || c.id === store.route.channel) : s.rooms;
        return h("div", { class: "side-section", role: "group", "aria-label": s.title },
          h("button", { type: "button", class: `side-title${shut ? " shut" : ""}`, "aria-expanded": String(!shut), on: { click: () => { if (shut) closed.delete(s.id); else closed.add(s.id); drawList(); } } }, icon("chevron", 14), h("span", {}, s.title)),
          shown.map(row), !shut && s.last?.());
      },
    });
  }

  const drawAll = () => {
    drawHead();
    drawList();
  };
  on("state", drawAll);
  on("route", drawList);
  drawAll();
  return node;
}

/** The narrow strip at the far left. */
export function rail() {
  const node = h("nav", { class: "rail", "aria-label": "Workspace tabs" });
  const draw = () => {
    const team = store.state.team || {};
    const who = me();
    const rooms = store.state.channels || [];
    const dms = rooms.filter((c) => c.kind !== "channel");
    const inDm = dms.some((c) => c.id === store.route.channel);
    const tab = (name, label, here, run, dot) => h("button", { type: "button", class: `rail-tab${here ? " here" : ""}`, on: { click: run } }, h("span", { class: "rail-icon" }, icon(name, 20), dot ? h("span", { class: "rail-dot" }) : null), h("span", { class: "rail-label" }, label));
    node.replaceChildren(
      h("span", { class: "team-tile big", title: team.name }, initialsOf(team.name || "W").slice(0, 1)),
      tab("home", "Home", !inDm, () => goTo({ channel: rooms.find((c) => c.kind === "channel")?.id || rooms[0]?.id })),
      tab("dms", "DMs", inDm, () => goTo({ channel: (dms.find((c) => countOf(c)) || dms.find((c) => c.kind === "app") || dms[0])?.id }), dms.some((c) => countOf(c))),
      h("span", { class: "rail-space" }),
      h("button", { type: "button", class: "rail-plus", "aria-label": "Shortcuts", title: "Shortcuts", "data-qa": "rail-plus", on: { click: (event) => { const items = shortcutItems(); menu(event.currentTarget, [{ title: "Shortcuts" }, ...(items.length ? items : [{ node: h("div", { class: "menu-empty" }, "No shortcuts here") }])], { label: "Shortcuts", prefer: "top-start", wide: true }); } } }, icon("plus", 20)),
      h("button", { type: "button", class: "rail-me", "aria-label": `You are ${who?.display || store.as}`, on: { click: (event) => showPerson(event.currentTarget, store.as) } }, avatar(who || { id: store.as }, 36), h("span", { class: "presence" })));
  };
  on(["state", "route"], draw);
  draw();
  return node;
}

/** The bar with the search field, which is a jump box. */
export function topnav() {
  const search = h("button", { type: "button", class: "top-search", "data-qa": "jump", on: { click: jump } }, icon("search", 16), h("span", {}));
  const draw = () => { search.lastChild.textContent = `Search ${store.state.team?.name || "workspace"}`; };
  on("state", draw);
  draw();
  const step = (name, label, by) => h("button", { type: "button", class: "top-step", "aria-label": label, title: label, on: { click: () => history.go(by) } }, icon(name, 18));
  return h("div", { class: "topnav", role: "search" }, h("div", { class: "top-steps" }, step("left", "Back", -1), step("right", "Forward", 1)), search, h("div", { class: "top-steps" }));
}

/** Ctrl K: finds a conversation by a few letters. */
export function jump() {
  const anchor = document.querySelector(".top-search")?.offsetParent ? document.querySelector(".top-search") : document.querySelector(".side-head");
  let rooms = [];
  let at = 0;
  const list = h("div", { class: "suggest-items", role: "listbox" });
  const draw = () => {
    const q = input.value.trim().toLowerCase().replace(/^[#@]/, "");
    const others = allPeople().filter((p) => !p.is_bot && !p.deleted && p.id !== "USLACKBOT" && p.id !== store.as && !imWith(p.id)).map(roomFor);
    rooms = [...(store.state.channels || []), ...others].filter((c) => !q || roomName(c).toLowerCase().includes(q)).sort((a, b) => countOf(b) - countOf(a));
    at = Math.min(at, Math.max(0, rooms.length - 1));
    list.replaceChildren(...rooms.slice(0, 60).map((c, i) => h("div", { class: `suggest-item${i === at ? " active" : ""}`, role: "option", "aria-selected": String(i === at), "data-qa": "jump-item", on: { mousemove: () => { if (at !== i) { at = i; draw(); } }, click: () => go(c) } }, h("span", { class: "suggest-icon" }, face(c, 20)), h("span", { class: "suggest-row" }, h("strong", {}, roomName(c)), c.kind === "app" && h("span", { class: "app-badge" }, "APP"), c.topic && h("span", { class: "suggest-hint" }, mrkdwn(c.topic))))));
    if (!rooms.length) list.replaceChildren(h("div", { class: "menu-empty" }, "No results"));
  };
  const go = (c) => {
    pop.close();
    goTo({ channel: c.id });
  };
  const input = h("input", { class: "jump-input", type: "text", placeholder: "Jump to a channel, person or app", "aria-label": "Jump to", autocomplete: "off", on: {
    input: () => { at = 0; draw(); },
    keydown: (event) => {
      if (event.key === "Enter" && rooms[at]) go(rooms[at]);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && rooms.length) {
        event.preventDefault();
        at = (at + step + rooms.length) % rooms.length;
        draw();
      }
    },
  } });
  const pop = popover(anchor, h("div", { class: "jump" }, input, list), { label: "Jump to", matchWidth: true });
  draw();
  input.focus();
}
