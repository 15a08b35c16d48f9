// Things that float: popovers, menus, small dialogs, toasts.
import { h, uid } from "./dom.js";
import { icon } from "./icons.js";

const layer = () => document.getElementById("layer");
const open = [];

/** Places `box` beside `anchor`: below if there is room, else above; always inside the window. */
export function place(box, anchor, prefer = "bottom-start", gap = 4) {
  const a = anchor.getBoundingClientRect();
  const width = box.offsetWidth;
  const height = box.offsetHeight;
  const [side, align] = prefer.split("-");
  const roomBelow = innerHeight - a.bottom - gap - 8;
  const roomAbove = a.top - gap - 8;
  let below = side !== "top";
  if (below && height > roomBelow && roomAbove > roomBelow) below = false;
  else if (!below && height > roomAbove && roomBelow > roomAbove) below = true;
  const left = align === "end" ? a.right - width : a.left;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  const top = below ? a.bottom + gap : a.top - gap - height;
  box.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/** Shows `content` beside `anchor` until a click elsewhere, Esc, or close(). */
export function popover(anchor, content, { label, prefer, onClose, role = "dialog", matchWidth, keepFocus } = {}) {
  const back = document.activeElement;
  const box = h("div", { class: "popover", role: role || null, "aria-label": label }, content);
  if (matchWidth) box.style.minWidth = `${Math.min(anchor.offsetWidth, innerWidth - 16)}px`;
  layer().append(box);
  const put = () => (anchor.isConnected ? place(box, anchor, prefer) : pop.close());
  const outside = (event) => {
    if (!box.contains(event.target) && !anchor.contains(event.target) && !open.slice(open.indexOf(pop) + 1).some((p) => p.box.contains(event.target))) pop.close();
  };
  const pop = {
    box,
    put,
    close(how) {
      const at = open.indexOf(pop);
      if (at < 0) return;
      open.splice(at, 1);
      watch.disconnect();
      box.remove();
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", put);
      document.removeEventListener("scroll", put, true);
      if (!keepFocus && how === "escape" && back?.isConnected) back.focus({ preventScroll: true });
      onClose?.();
    },
  };
  const watch = new ResizeObserver(put);
  watch.observe(box);
  open.push(pop);
  put();
  document.addEventListener("pointerdown", outside, true);
  addEventListener("resize", put);
  document.addEventListener("scroll", put, true);
  return pop;
}

/** Esc closes the topmost floating thing. Answers whether there was one. */
export function closeTopPopover() {
  const top = open.at(-1);
  top?.close("escape");
  return Boolean(top);
}
export const anyPopover = () => open.length > 0;

/** Arrow keys move along the items of a menu. */
function menuKeys(box) {
  box.addEventListener("keydown", (event) => {
    const items = [...box.querySelectorAll('[role^="menuitem"]:not([aria-disabled="true"])')];
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  });
}

/** A menu. Items: {label, hint, icon, danger, run, qa, data, note, shortcut}, {divider}, {title}. */
export function menu(anchor, items, { label = "Menu", prefer, onClose, wide } = {}) {
  const list = h("div", { class: wide ? "menu wide" : "menu", role: "menu", "aria-label": label });
  for (const item of items.filter(Boolean)) {
    if (item.divider) list.append(h("div", { class: "menu-divider", role: "separator" }));
    else if (item.title) list.append(h("div", { class: "menu-title" }, item.title));
    else if (item.node) list.append(item.node);
    else {
      list.append(h("button", {
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        class: `menu-item${item.danger ? " danger" : ""}`,
        "data-qa": item.qa || "menu-item",
        ...(item.data || {}),
        on: { click: () => { pop.close(); item.run?.(); } },
      }, item.icon && h("span", { class: "menu-icon" }, item.icon), h("span", { class: "menu-words" }, h("span", { class: "menu-label" }, item.label), item.hint && h("span", { class: "menu-hint" }, item.hint)), item.note && h("span", { class: "menu-note" }, item.note)));
    }
  }
  menuKeys(list);
  const pop = popover(anchor, list, { prefer, onClose, role: null });
  list.querySelector('[role="menuitem"]')?.focus({ preventScroll: true });
  return pop;
}

const FOCUSABLE = 'button:not([disabled]), input:not([disabled]), select, textarea:not([disabled]), a[href], [tabindex]:not([tabindex="-1"])';
/** Keeps Tab inside `box`. */
export function trapFocus(box) {
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const all = [...box.querySelectorAll(FOCUSABLE)].filter((n) => n.offsetParent !== null);
    if (!all.length) return;
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement === edge || !box.contains(document.activeElement)) {
      event.preventDefault();
      (event.shiftKey ? all.at(-1) : all[0]).focus();
    }
  });
}

const dialogs = [];
export const topDialog = () => dialogs.at(-1);

/** A small dialog of the client itself. `build(close)` gives the body; buttons are {label, kind, run, qa}. */
export function dialog({ title, body, buttons = [], qa = "dialog", wide, onClose }) {
  const id = uid("dialog");
  const back = document.activeElement;
  const close = () => {
    const at = dialogs.indexOf(me);
    if (at < 0) return;
    dialogs.splice(at, 1);
    shade.remove();
    if (back?.isConnected) back.focus({ preventScroll: true });
    onClose?.();
  };
  const row = buttons.map((b) => h("button", { type: "button", class: `button medium ${b.kind || ""}`, "data-qa": b.qa || "dialog-button", on: { click: async () => { if ((await b.run?.()) !== false) close(); } } }, b.label));
  const box = h("div", { class: `dialog${wide ? " wide" : ""}`, role: "dialog", "aria-modal": "true", "aria-labelledby": id, "data-qa": qa },
    h("div", { class: "dialog-head" }, h("h1", { id, class: "dialog-title" }, title), h("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } }, icon("close"))),
    h("div", { class: "dialog-body" }, body),
    row.length ? h("div", { class: "dialog-foot" }, row) : null);
  const shade = h("div", { class: "shade", on: { pointerdown: (event) => { if (event.target === shade) close(); } } }, box);
  trapFocus(box);
  const me = { close, box };
  dialogs.push(me);
  layer().append(shade);
  (box.querySelector("[autofocus]") || box.querySelector(".dialog-body input, .dialog-body textarea") || row.at(-1) || box.querySelector("button"))?.focus({ preventScroll: true });
  return me;
}

/** A block's confirm object, asked before the act is sent. Resolves to yes or no. */
export function askConfirm(confirm, words) {
  return new Promise((resolve) => {
    let answer = false;
    dialog({
      title: words(confirm.title) || "Are you sure?",
      body: h("div", { class: "confirm-text" }, confirm.node),
      qa: "confirm",
      buttons: [
        { label: words(confirm.deny) || "Cancel", qa: "confirm-deny" },
        { label: words(confirm.confirm) || "Yes", kind: confirm.style === "danger" ? "danger" : "primary", qa: "confirm-yes", run: () => { answer = true; } },
      ],
      onClose: () => resolve(answer),
    });
  });
}

const recent = new Map();
/** A short notice. The same words within four seconds are shown once. */
export function toast(text, { kind = "", ms = 6000 } = {}) {
  const words = String(text || "").trim();
  if (!words) return;
  const id = words.replace(/["'“”‘’]/g, "").toLowerCase();
  if (Date.now() - (recent.get(id) || 0) < 4000) return;
  recent.set(id, Date.now());
  const box = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", "data-qa": "toast" },
    kind === "error" ? icon("warn", 18) : kind === "good" ? icon("check", 18) : null,
    h("span", { class: "toast-text" }, words),
    h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: () => box.remove() } }, icon("close", 16)));
  document.getElementById("toasts").append(box);
  setTimeout(() => box.classList.add("gone"), ms);
  setTimeout(() => box.remove(), ms + 300);
}
