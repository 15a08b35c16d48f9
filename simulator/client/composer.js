// The box one writes in: messages, slash commands, mentions, emoji, files, shortcuts.
import { focusOn, h } from "./dom.js";
import { icon } from "./icons.js";
import { findEmoji, pickEmoji } from "./emoji.js";
import { dialog, menu, popover, toast } from "./popover.js";
import { appIcon, avatar } from "./person.js";
import { troubleWords } from "./surface.js";
import { editLast } from "./messages.js";
import { allPeople, doAct, readMessages, readModals, readThread, slackbot, store } from "./store.js";

const drafts = {
  key: (room, thread) => `draft:${store.as}:${room}:${thread || ""}`,
  get: (room, thread) => sessionStorage.getItem(drafts.key(room, thread)) || "",
  set(room, thread, text) {
    if (text) sessionStorage.setItem(drafts.key(room, thread), text);
    else sessionStorage.removeItem(drafts.key(room, thread));
  },
};

const commands = () => store.state.manifest?.commands || [];
const globalShortcuts = () => (store.state.manifest?.shortcuts || []).filter((s) => !s.type || s.type === "global" || s.type === "shortcut");

/** Starts one of the app's global shortcuts. */
export async function runShortcut(shortcut) {
  const answer = await doAct("global_shortcut", { callback_id: shortcut.callback_id });
  if (!answer.ok) toast(troubleWords(answer), { kind: "error" });
  else readModals();
}
export const shortcutItems = () => globalShortcuts().map((s) => ({ label: s.name, hint: s.description || store.state.app?.name, icon: appIcon(store.state.app, 28), qa: "global-shortcut", data: { "data-callback-id": s.callback_id }, run: () => runShortcut(s) }));

function shortcutMenu(anchor) {
  const items = shortcutItems();
  menu(anchor, [{ title: "Shortcuts" }, ...(items.length ? items : [{ node: h("div", { class: "menu-empty" }, "No shortcuts here") }])], { label: "Shortcuts", prefer: "top-start", wide: true });
}

/** Posting a file: by name and size, or a real one, of which only those two are used. */
export function askFile(room, thread) {
  const name = h("input", { class: "text-input large", id: "file-name", placeholder: "report.pdf", autocomplete: "off", "data-qa": "file-name", autofocus: true });
  const size = h("input", { class: "text-input large", id: "file-size", type: "text", inputmode: "numeric", value: "120", "data-qa": "file-size" });
  let bytes = null;
  let type = null;
  const real = h("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", on: { change: () => {
    const f = real.files[0];
    if (!f) return;
    name.value = f.name;
    size.value = String(Math.max(1, Math.round(f.size / 1024)));
    bytes = f.size;
    type = f.type;
  } } });
  size.addEventListener("input", () => { bytes = null; });
  const send = async () => {
    const words = name.value.trim();
    if (!words) {
      name.focus();
      return false;
    }
    const answer = await doAct("file", { channel: room, thread: thread || undefined, name: words, size: bytes ?? Math.round((Number(size.value) || 1) * 1024), mimetype: type || mimeOf(words) });
    if (!answer.ok) {
      toast(troubleWords(answer), { kind: "error" });
      return false;
    }
    return true;
  };
  const me = dialog({
    title: "Upload a file", qa: "file-dialog",
    body: h("form", { class: "file-form", on: { submit: async (event) => { event.preventDefault(); if (await send()) me.close(); } } },
      h("p", { class: "soft" }, "Nothing is uploaded: the message names the file and its size."),
      h("label", { class: "input-label", for: "file-name" }, "File name"), name,
      h("label", { class: "input-label", for: "file-size" }, "Size in kB"), size,
      real, h("button", { type: "button", class: "button medium", on: { click: () => real.click() } }, icon("clip", 18), "Choose from this computer…"),
      h("button", { type: "submit", hidden: true })),
    buttons: [{ label: "Cancel" }, { label: "Upload", kind: "primary", qa: "file-send", run: send }],
  });
}
const mimeOf = (name) => ({ pdf: "application/pdf", png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", csv: "text/csv", txt: "text/plain", log: "text/plain", json: "application/json", zip: "application/zip" })[name.split(".").pop().toLowerCase()] || "application/octet-stream";

/** What could be meant at the caret: {from, items, title}. */
function suggestions(text, caret, inThread) {
  const before = text.slice(0, caret);
  const slash = /^\/(\S*)$/.exec(before);
  if (slash && !inThread) {
    const q = slash[1].toLowerCase();
    const items = commands().filter((c) => c.command.slice(1).toLowerCase().includes(q)).sort((a, b) => Number(b.command.startsWith(`/${q}`)) - Number(a.command.startsWith(`/${q}`)));
    return items.length ? {
      from: 0, kind: "command", title: q ? `Commands matching "${slash[0]}"` : store.state.app?.name || "Commands",
      items: items.map((c) => ({ insert: `${c.command} `, exact: before === c.command, qa: "command", data: { "data-command": c.command }, node: h("span", { class: "suggest-command" }, h("span", { class: "suggest-line" }, h("strong", {}, c.command), c.usage_hint && h("span", { class: "suggest-usage" }, c.usage_hint)), c.description && h("span", { class: "suggest-hint" }, c.description)), icon: appIcon(store.state.app, 32), note: store.state.app?.name })),
    } : null;
  }
  const at = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(before);
  if (at) {
    const q = at[1].toLowerCase();
    const people = allPeople().filter((p) => !p.deleted && p.id !== "USLACKBOT" && (p.display.toLowerCase().split(" ").some((w) => w.startsWith(q)) || p.display.toLowerCase().startsWith(q) || p.name?.toLowerCase().startsWith(q)));
    const groups = (store.state.usergroups || []).filter((g) => (g.handle || g.name).toLowerCase().startsWith(q));
    const items = [
      ...people.slice(0, 8).map((p) => ({ insert: `@${p.display} `, icon: p.id === store.state.app?.bot_user_id ? appIcon(store.state.app, 20) : avatar(p, 20), node: h("span", { class: "suggest-row" }, h("strong", {}, p.display), p.id === store.as && h("span", { class: "suggest-hint" }, "(you)"), p.title && h("span", { class: "suggest-hint" }, p.title)) })),
      ...groups.slice(0, 4).map((g) => ({ insert: `@${g.handle || g.name} `, icon: icon("people", 20), node: h("span", { class: "suggest-row" }, h("strong", {}, `@${g.handle || g.name}`), g.name && h("span", { class: "suggest-hint" }, g.name)) })),
    ];
    return items.length ? { from: caret - at[1].length - 1, kind: "person", title: q ? `People matching "@${at[1]}"` : "People", items } : null;
  }
  const hash = /(?:^|[\s(])#([\p{L}\p{N}_-]*)$/u.exec(before);
  if (hash) {
    const rooms = (store.state.channels || []).filter((c) => c.kind === "channel" && c.name.toLowerCase().includes(hash[1].toLowerCase()));
    return rooms.length ? { from: caret - hash[1].length - 1, kind: "channel", title: "Channels", items: rooms.slice(0, 8).map((c) => ({ insert: `#${c.name} `, icon: icon("hash", 18), node: h("span", { class: "suggest-row" }, h("strong", {}, c.name)) })) } : null;
  }
  const smile = /(?:^|\s):([a-z0-9_+-]{2,})$/.exec(before);
  if (smile) {
    const hits = findEmoji(smile[1], 8);
    return hits.length ? { from: caret - smile[1].length - 1, kind: "emoji", title: "Emoji", items: hits.map((e) => ({ insert: `:${e.name}: `, icon: h("span", { class: "emoji" }, typeof e.char === "string" ? e.char : ""), node: h("span", {}, `:${e.name}:`) })) } : null;
  }
  return null;
}

export class Composer {
  constructor({ thread = false } = {}) {
    this.inThread = thread;
    this.room = null;
    this.thread = null;
    this.area = h("textarea", {
      class: "composer-text", rows: "1", "data-qa": thread ? "thread-composer" : "composer", "aria-autocomplete": "list", spellcheck: "true",
      on: {
        input: () => this.changed(),
        keydown: (event) => this.key(event),
        click: () => this.suggest(),
        blur: () => setTimeout(() => document.activeElement !== this.area && document.hasFocus() && this.pop?.close(), 150),
        focus: () => this.box.classList.add("focused"),
      },
    });
    this.area.addEventListener("blur", () => this.box.classList.remove("focused"));
    const tool = (name, label, run, qa) => h("button", { type: "button", class: "tool", title: label, "aria-label": label, "data-qa": qa ? (thread ? `thread-${qa}` : qa) : null, on: { mousedown: (e) => e.preventDefault(), click: (e) => run(e.currentTarget) } }, icon(name, 18));
    this.format = h("div", { class: "composer-format" },
      tool("bold", "Bold", () => this.wrap("*")), tool("italic", "Italic", () => this.wrap("_")), tool("strike", "Strikethrough", () => this.wrap("~")),
      h("span", { class: "composer-gap" }), tool("list", "Bulleted list", () => this.lines("• ")), tool("quote", "Blockquote", () => this.lines("> ")), tool("code", "Code", () => this.wrap("`")));
    this.sendButton = h("button", { type: "button", class: "composer-send", "aria-label": "Send now", title: "Send now", "data-qa": thread ? "thread-send" : "send", disabled: true, on: { click: () => this.send() } }, icon("send", 18));
    this.also = thread ? h("input", { type: "checkbox", id: "also-send", "data-qa": "broadcast" }) : null;
    this.alsoWords = h("span");
    this.box = h("div", { class: "composer" }, this.format, this.area,
      this.also && h("label", { class: "also-send", for: "also-send" }, this.also, this.alsoWords),
      h("div", { class: "composer-tools" },
        tool("plus", "Attach or run", (at) => menu(at, [{ label: "Upload a file", icon: icon("clip", 18), qa: "upload", run: () => askFile(this.room, this.thread) }, ...(shortcutItems().length ? [{ divider: true }, { title: "Shortcuts" }, ...shortcutItems()] : [])], { label: "Attach or run", prefer: "top-start", wide: true }), "composer-plus"),
        tool("clip", "Attach a file by name", () => askFile(this.room, this.thread), "attach"),
        tool("smile", "Emoji", (at) => pickEmoji(at, (name) => this.insert(`:${name}: `)), "emoji-button"),
        tool("at", "Mention someone", () => { this.insert("@"); this.suggest(); }),
        tool("bolt", "Shortcuts", shortcutMenu, "shortcuts"),
        h("span", { class: "composer-space" }), this.sendButton));
    this.hint = h("div", { class: "composer-hint" });
    this.node = h("div", { class: "composer-area" }, this.box, this.hint);
  }

  /** Turns to another conversation; what was being written there is there again. */
  to(room, thread, placeholder) {
    if (this.room === room && this.thread === thread) {
      this.area.placeholder = placeholder;
      return;
    }
    this.pop?.close();
    this.room = room;
    this.thread = thread;
    this.area.placeholder = placeholder;
    this.area.setAttribute("aria-label", placeholder);
    this.area.value = drafts.get(room, thread);
    if (this.also) this.also.checked = false;
    this.changed({ quiet: true });
  }
  focus() {
    focusOn(this.area);
  }

  changed({ quiet } = {}) {
    drafts.set(this.room, this.thread, this.area.value);
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight, Math.round(innerHeight * 0.4))}px`;
    const any = Boolean(this.area.value.trim());
    this.sendButton.disabled = !any;
    this.hint.textContent = any && this.area.value.length > 20 ? "Shift + Return to add a new line" : "";
    const used = commands().find((c) => this.area.value.startsWith(`${c.command} `));
    if (used?.usage_hint && this.area.value.trim() === used.command) this.hint.textContent = `${used.command} ${used.usage_hint}`;
    if (!quiet) this.suggest();
  }

  insert(text) {
    const { selectionStart: a, selectionEnd: b, value } = this.area;
    const gap = text === "@" && a > 0 && !/\s/.test(value[a - 1]) ? " " : "";
    this.area.setRangeText(gap + text, a, b, "end");
    this.focus();
    this.changed();
  }
  wrap(mark) {
    const { selectionStart: a, selectionEnd: b, value } = this.area;
    this.area.setRangeText(mark + value.slice(a, b) + mark, a, b, "end");
    if (a === b) this.area.setSelectionRange(a + 1, a + 1);
    this.focus();
    this.changed();
  }
  lines(mark) {
    const { selectionStart: a, selectionEnd: b, value } = this.area;
    const from = value.lastIndexOf("\n", a - 1) + 1;
    this.area.setRangeText(value.slice(from, b).split("\n").map((l) => mark + l).join("\n"), from, b, "end");
    this.focus();
    this.changed();
  }

  // --- suggestions

  suggest() {
    const found = suggestions(this.area.value, this.area.selectionStart, this.inThread);
    if (!found) {
      this.pop?.close();
      return;
    }
    this.found = found;
    this.at = 0;
    const nodes = found.items.map((item, i) => h("div", { id: `suggest-${i}`, class: "suggest-item", role: "option", "data-qa": item.qa || "suggestion", ...(item.data || {}), on: { mousemove: () => this.mark(i), click: () => this.take(i) } }, h("span", { class: "suggest-icon" }, item.icon), item.node, item.note && h("span", { class: "suggest-note" }, item.note)));
    const list = h("div", { class: `suggest ${found.kind}`, role: "listbox", "aria-label": found.title, "data-qa": "suggestions", on: { mousedown: (e) => e.preventDefault() } }, h("div", { class: "suggest-title" }, found.title), h("div", { class: "suggest-items" }, nodes));
    if (this.pop) this.pop.box.replaceChildren(list);
    else this.pop = popover(this.box, list, { prefer: "top-start", matchWidth: true, keepFocus: true, role: null, onClose: () => { this.pop = null; this.area.removeAttribute("aria-activedescendant"); } });
    this.pop.put();
    this.mark(0);
  }
  mark(i) {
    this.at = i;
    this.pop?.box.querySelectorAll(".suggest-item").forEach((node, j) => {
      node.classList.toggle("active", j === i);
      node.setAttribute("aria-selected", String(j === i));
      if (j === i) node.scrollIntoView({ block: "nearest" });
    });
    this.area.setAttribute("aria-activedescendant", `suggest-${i}`);
  }
  take(i) {
    const item = this.found.items[i];
    this.area.setRangeText(item.insert, this.found.from, this.area.selectionStart, "end");
    this.pop?.close();
    this.focus();
    this.changed({ quiet: true });
  }

  key(event) {
    if (event.isComposing) return;
    if (this.pop) {
      const n = this.found.items.length;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        return this.mark((this.at + (event.key === "ArrowDown" ? 1 : n - 1)) % n);
      }
      if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !this.found.items[this.at].exact)) {
        event.preventDefault();
        return this.take(this.at);
      }
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        return this.pop.close();
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.area.value) {
      event.preventDefault();
      editLast(this.room, this.thread);
    } else if ((event.ctrlKey || event.metaKey) && ["b", "i"].includes(event.key.toLowerCase())) {
      event.preventDefault();
      this.wrap(event.key.toLowerCase() === "b" ? "*" : "_");
    }
  }

  // --- sending

  async send() {
    const text = this.area.value.trim();
    if (!text) return;
    const { room, thread } = this;
    this.pop?.close();
    this.area.value = "";
    this.changed({ quiet: true });
    if (text.startsWith("/") && !text.startsWith("//") && /^\/\S/.test(text)) return this.command(room, thread, text);
    const broadcast = Boolean(this.also?.checked);
    const answer = await (thread ? doAct("reply", { channel: room, thread, text, broadcast }) : doAct("say", { channel: room, text }));
    if (!answer.ok) {
      toast(answer.offline ? troubleWords(answer) : `Your message was not sent (${answer.error}).`, { kind: "error" });
      if (this.room === room && this.thread === thread && !this.area.value) {
        this.area.value = text;
        this.changed({ quiet: true });
      }
      return;
    }
    if (this.also) this.also.checked = false;
    readMessages(room);
    if (thread) readThread(room, thread);
  }

  async command(room, thread, text) {
    const name = text.split(/\s/)[0];
    if (thread) return slackbot(room, `\`${name}\` is not supported in threads. Sorry!`, thread);
    if (!commands().some((c) => c.command === name)) {
      return slackbot(room, `\`${name}\` is not a valid command. In Slack, all messages that start with the "/" command are interpreted as slash commands.\nIf you are trying to send a message and not run a command, try preceding the "/" with an empty space.`);
    }
    const answer = await doAct("command", { channel: room, text });
    if (!answer.ok) {
      if (answer.offline) return toast(troubleWords(answer), { kind: "error" });
      const error = /failed with the error/.test(answer.error || "") ? answer.error : `${name} failed with the error "${answer.error || "dispatch_failed"}"`;
      return slackbot(room, error);
    }
    readMessages(room);
    readModals();
  }
}
