// Faces and names: avatars, the app's icon, the card that shows who somebody is.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { popover } from "./popover.js";
import { store, person, roomFor, goTo } from "./store.js";

const COLORS = ["#7c3085", "#1264a3", "#2b8a6f", "#b4532a", "#a3376b", "#4a6a1f", "#5a4fcf", "#8a5a00", "#106b75", "#c0392b"];
function colorOf(id) {
  let sum = 0;
  for (const c of String(id)) sum = (sum * 31 + c.charCodeAt(0)) >>> 0;
  return COLORS[sum % COLORS.length];
}
export const initialsOf = (name) => {
  const parts = String(name || "?").replace(/[^\p{L}\p{N}\s.-]/gu, "").split(/[\s._-]+/).filter(Boolean);
  return ((parts[0]?.[0] || "?") + (parts.length > 1 ? parts.at(-1)[0] : "")).toUpperCase();
};

/** A coloured square with initials. */
export function avatar(who, size = 36, { title = true } = {}) {
  const color = /^#?[0-9a-f]{3,8}$/i.test(who?.avatar_color || "") ? who.avatar_color.replace(/^#?/, "#") : colorOf(who?.id || who?.name);
  return h("span", {
    class: `avatar${who?.deleted ? " off" : ""}`,
    "aria-hidden": "true",
    title: title ? who?.display || who?.real_name || who?.name : null,
    style: { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.42)}px`, background: color, borderRadius: `${Math.max(4, Math.round(size / 6))}px` },
  }, who?.initials || initialsOf(who?.real_name || who?.name));
}

/** The app's icon: an image of its own if the server gives one, else a mark with its initial. */
export function appIcon(app, size = 36) {
  const own = app?.icon;
  if (typeof own === "string" && /^(data:image\/|\/|https?:)/.test(own)) return h("img", { class: "avatar", src: own, alt: "", width: size, height: size, style: { borderRadius: `${Math.max(4, Math.round(size / 6))}px` } });
  const mark = typeof own === "string" && own && [...own].length <= 3 ? own : initialsOf(app?.name || "App").slice(0, 1);
  return h("span", { class: "avatar app-icon", "aria-hidden": "true", style: { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.5)}px`, borderRadius: `${Math.max(4, Math.round(size / 6))}px` } }, mark);
}

export const badge = (who) => who?.is_bot ? h("span", { class: "app-badge" }, "APP") : who?.deleted ? h("span", { class: "app-badge" }, "DEACTIVATED") : who?.restricted ? h("span", { class: "app-badge" }, "GUEST") : null;

export function showPerson(anchor, id) {
  const who = person(id);
  if (!who) return;
  const room = who.deleted || id === store.as ? null : roomFor(who);
  const rows = [["Display name", who.name && who.name !== who.real_name ? `@${who.name}` : null], ["Email", who.email], ["Time zone", who.tz]].filter(([, v]) => v);
  const pop = popover(anchor, h("div", { class: "person-card" },
    h("div", { class: "person-face" }, who.is_bot && id === store.state.app?.bot_user_id ? appIcon(store.state.app, 96) : avatar(who, 96, { title: false })),
    h("div", { class: "person-name" }, who.real_name || who.display, badge(who)),
    who.title && h("div", { class: "person-title" }, who.title),
    rows.map(([label, value]) => h("div", { class: "person-row" }, h("span", {}, label), value)),
    room && h("button", { type: "button", class: "button medium", on: { click: () => { pop.close(); goTo({ channel: room.id, tab: "messages" }); } } }, icon("dms", 18), "Message")), { label: who.real_name || who.name });
}
