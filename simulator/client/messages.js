// One message, and a list of them.
import { add, h, plural, reconcile, uid } from "./dom.js";
import { icon } from "./icons.js";
import { attachments, drawBlocks } from "./blocks.js";
import { emojiNode, pickEmoji } from "./emoji.js";
import { mrkdwn, decode, textWords } from "./mrkdwn.js";
import { onlyEmoji } from "./richtext.js";
import { dialog, menu, toast } from "./popover.js";
import { appIcon, avatar, badge, showPerson } from "./person.js";
import { messageSurface, troubleWords } from "./surface.js";
import { doAct, goTo, otherOf, person, channel, store, tell, threadKey } from "./store.js";
import { clock, clockShort, dayDivider, dayKey, full, when } from "./time.js";

/** Who wrote a message. */
export function authorOf(m) {
  if (m.slackbot || m.user === "USLACKBOT") return { id: "USLACKBOT", name: "Slackbot", slackbot: true };
  const app = store.state.app || {};
  if (m.bot || m.bot_id || m.app_id || (m.user && m.user === app.bot_user_id)) {
    const own = !m.user || m.user === app.bot_user_id;
    return { id: own ? app.bot_user_id || "app" : m.user, name: m.username || m.bot?.name || (own ? app.name : person(m.user)?.display) || "App", app: true, image: m.icons?.image_64 };
  }
  const who = person(m.user);
  return { id: m.user, name: who?.display || m.username || m.user || "Unknown", who };
}

// A picture that an app posts with is somebody's of this workspace, or the app's own stays.
const customIcon = (author, size) => {
  const who = author.image && (store.state.people || []).find((p) => author.image.includes(`/${p.id}-`));
  return who ? avatar(who, size) : null;
};
const face = (author, size) => author.slackbot ? h("span", { class: "avatar slackbot", "aria-hidden": "true", style: { width: `${size}px`, height: `${size}px`, fontSize: `${size * 0.55}px` } }, "♥") : author.app ? customIcon(author, size) || appIcon(store.state.app, size) : avatar(author.who || { id: author.id, name: author.name }, size);

const editing = new Set(); // channel/ts of the messages being edited
const isOwn = (m) => m.user === store.as && !m.bot && !m.bot_id && !m.ephemeral;

/** What a person typed, as they would type it again. */
export function typedText(m) {
  return decode(String(m.text || "").replace(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${person(id)?.display || id}`).replace(/<#(C[A-Z0-9]+)(?:\|([^>]*))?>/g, (_, id, label) => `#${channel(id)?.name || label || id}`).replace(/<!(here|channel|everyone)(?:\|[^>]*)?>/g, "@$1").replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, "$1"));
}

function editor(room, m) {
  const done = () => {
    editing.delete(`${room}/${m.ts}`);
    tell("messages", room);
    tell("thread", threadKey(room, m.thread_ts || m.ts));
  };
  const save = async () => {
    const text = area.value.trim();
    if (!text) return;
    if (text !== typedText(m)) {
      const answer = await doAct("edit", { channel: room, ts: m.ts, text });
      if (!answer.ok) return toast(troubleWords(answer), { kind: "error" });
    }
    done();
  };
  const area = h("textarea", {
    class: "edit-area", rows: "2", "aria-label": "Edit message", "data-qa": "edit", value: typedText(m),
    on: {
      keydown: (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          save();
        } else if (event.key === "Escape") {
          event.stopPropagation();
          done();
        }
      },
    },
  });
  setTimeout(() => {
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  });
  return h("div", { class: "edit-box" }, area, h("div", { class: "edit-row" }, h("button", { type: "button", class: "button small", on: { click: done } }, "Cancel"), h("button", { type: "button", class: "button small primary", "data-qa": "edit-save", on: { click: save } }, "Save")));
}

function askDelete(room, m) {
  dialog({
    title: "Delete message",
    qa: "delete-dialog",
    body: [h("p", {}, "Are you sure you want to delete this message? This cannot be undone."), h("div", { class: "quoted" }, face(authorOf(m), 36), h("div", {}, h("strong", {}, authorOf(m).name), h("div", {}, mrkdwn(m.text || ""))))],
    buttons: [{ label: "Cancel" }, { label: "Delete", kind: "danger", qa: "delete-yes", run: async () => {
      const answer = await doAct("delete", { channel: room, ts: m.ts });
      if (!answer.ok) toast(troubleWords(answer), { kind: "error" });
    } }],
  });
}

async function react(room, m, name) {
  const mine = (m.reactions || []).some((r) => r.name === name && r.users?.includes(store.as));
  const answer = await doAct("react", { channel: room, ts: m.ts, name, remove: mine });
  if (!answer.ok) toast(troubleWords(answer), { kind: "error" });
}

function permalink(room, m) {
  return `${location.origin}/archives/${room}/p${m.ts.replace(".", "")}`;
}

function moreMenu(anchor, room, m, bar) {
  const shortcuts = (store.state.manifest?.shortcuts || []).filter((s) => s.type === "message" || s.type === "message_action");
  const copy = (text, said) => navigator.clipboard?.writeText(text).then(() => toast(said, { kind: "good", ms: 2500 }), () => toast("The browser did not allow copying"));
  menu(anchor, [
    ...(shortcuts.length ? [...shortcuts.map((s) => ({
      label: s.name, hint: store.state.app?.name, icon: appIcon(store.state.app, 20), qa: "message-shortcut", data: { "data-callback-id": s.callback_id },
      run: async () => {
        const answer = await doAct("message_shortcut", { channel: room, ts: m.ts, callback_id: s.callback_id });
        if (!answer.ok) toast(troubleWords(answer), { kind: "error" });
      },
    })), { divider: true }] : []),
    { label: "Copy text", icon: icon("copy", 18), run: () => copy(typedText(m), "Text copied") },
    { label: "Copy link to message", icon: icon("link", 18), run: () => copy(permalink(room, m), "Link copied") },
    isOwn(m) && { divider: true },
    isOwn(m) && { label: "Edit message", icon: icon("edit", 18), qa: "edit-message", run: () => {
      editing.add(`${room}/${m.ts}`);
      tell("messages", room);
      tell("thread", threadKey(room, m.thread_ts || m.ts));
    } },
    isOwn(m) && { label: "Delete message…", icon: icon("trash", 18), danger: true, qa: "delete-message", run: () => askDelete(room, m) },
  ], { label: "More message actions", prefer: "bottom-end", onClose: () => bar.classList.remove("held") });
  bar.classList.add("held");
}

function toolbar(room, m, inThread) {
  if (m.slackbot || m.subtype === "tombstone") return null;
  const tip = (name, label, qa, run) => h("button", { type: "button", class: "tool", "aria-label": label, title: label, "data-qa": qa, on: { click: (event) => run(event.currentTarget) } }, typeof name === "string" ? icon(name, 18) : name);
  const bar = h("div", { class: "toolbar", role: "group", "aria-label": "Message actions" });
  if (m.ephemeral) return add(bar, [tip("close", "Dismiss", "dismiss", () => doAct("delete", { channel: room, ts: m.ts }))]);
  add(bar, [
    ...["white_check_mark", "eyes", "raised_hands"].map((name) => tip(emojiNode(name), `React with ${name.replace(/_/g, " ")}`, "quick-react", () => react(room, m, name))),
    tip("smileplus", "Find another reaction", "add-reaction", (at) => pickEmoji(at, (name) => react(room, m, name))),
    !inThread && tip("thread", "Reply in thread", "reply", () => goTo({ channel: room, thread: m.thread_ts || m.ts })),
    tip("more", "More actions", "more", (at) => moreMenu(at, room, m, bar)),
  ]);
  return bar;
}

const sizeWords = (n) => n >= 1048576 ? `${(n / 1048576).toFixed(1).replace(/\.0$/, "")} MB` : n >= 1024 ? `${Math.round(n / 1024)} kB` : `${n || 0} bytes`;
const FILE_COLORS = { pdf: "#e01e5a", png: "#2eb67d", jpg: "#2eb67d", jpeg: "#2eb67d", gif: "#2eb67d", csv: "#007a5a", xlsx: "#007a5a", docx: "#1264a3", txt: "#616061", log: "#616061", zip: "#b4832a", json: "#7c3085" };
function files(list) {
  return (list || []).map((f) => {
    const ext = (/\.([a-z0-9]{1,5})$/i.exec(f.name || "")?.[1] || f.filetype || "file").toLowerCase();
    return h("div", { class: "file", "data-qa": "file", title: f.name }, h("span", { class: "file-icon", style: { background: FILE_COLORS[ext] || "#616061" } }, icon("file", 20)), h("span", { class: "file-words" }, h("span", { class: "file-name" }, f.title || f.name || "File"), h("span", { class: "file-kind" }, `${ext.toUpperCase()}${f.size ? ` · ${sizeWords(f.size)}` : ""}`)));
  });
}

function reactions(room, m) {
  if (!m.reactions?.length) return null;
  return h("div", { class: "reactions" }, m.reactions.map((r) => {
    const names = (r.users || []).map((u) => (u === store.as ? "You" : person(u)?.display || (u === store.state.app?.bot_user_id ? store.state.app.name : u)));
    const mine = r.users?.includes(store.as);
    return h("button", { type: "button", class: `reaction${mine ? " mine" : ""}`, "aria-pressed": String(Boolean(mine)), title: `${names.join(", ")} reacted with :${r.name}:`, "data-qa": "reaction", "data-name": r.name, on: { click: () => react(room, m, r.name) } }, emojiNode(r.name), h("span", { class: "reaction-count" }, String(r.count ?? r.users?.length ?? 1)));
  }), h("button", { type: "button", class: "reaction add", "aria-label": "Add reaction", title: "Add reaction", on: { click: (event) => pickEmoji(event.currentTarget, (name) => react(room, m, name)) } }, icon("smileplus", 16)));
}

function threadBar(room, m) {
  if (!m.reply_count) return null;
  const faces = (m.reply_users || []).slice(0, 5).map((id) => {
    const app = id === store.state.app?.bot_user_id || id.startsWith("B");
    return app ? appIcon(store.state.app, 24) : avatar(person(id) || { id, name: id }, 24);
  });
  return h("button", { type: "button", class: "thread-bar", "data-qa": "thread-bar", on: { click: () => goTo({ channel: room, thread: m.ts }) } }, h("span", { class: "thread-faces" }, faces), h("span", { class: "thread-count" }, plural(m.reply_count, "reply", "replies")), m.latest_reply && h("span", { class: "thread-last" }, `Last reply ${when(Number(m.latest_reply))}`), h("span", { class: "thread-open" }, "View thread"), icon("right", 16, { class: "thread-arrow" }));
}

const SYSTEM = { channel_join: "joined the channel", group_join: "joined the channel", channel_leave: "left the channel" };

/** Draws a message; the blocks of the node it replaces are taken over, so what is typed in them stays. */
function draw({ m, compact }, room, inThread, old) {
  const author = authorOf(m);
  const surface = messageSurface(room, m);
  surface.take([...(m.blocks || []), ...(m.attachments || []).flatMap((a) => a.blocks || [])], m.state?.values);
  const ts = Number(m.ts);
  const nameId = uid("by");
  const edit = editing.has(`${room}/${m.ts}`) && isOwn(m);
  const content = h("div", { class: "message-content" });
  if (edit) content.append(editor(room, m));
  else if (m.subtype === "tombstone" || m.deleted) content.append(h("div", { class: "message-text gone" }, "This message was deleted."));
  else {
    let blocks = m.blocks?.length ? m.blocks : null;
    // A lone rich_text block is what a person typed; its text says the same, with the marks still in it.
    const typed = blocks?.length === 1 && blocks[0].type === "rich_text";
    const jumbo = typed && onlyEmoji(blocks[0]);
    if (typed && !jumbo && !author.app && m.text && !JSON.stringify(blocks).includes('"style"')) blocks = null;
    let root = null;
    if (blocks) {
      root = old?._blocks || h("div", { class: "blocks" });
      root.classList.toggle("jumbo", Boolean(jumbo));
      drawBlocks(root, blocks, surface);
      content.append(root);
    } else if (m.text) content.append(h("div", { class: `message-text${m.subtype === "me_message" ? " me" : ""}` }, mrkdwn(m.text)));
    // A card which its app changed does not say so.
    if (m.edited && !(author.app && root)) {
      const mark = h("span", { class: "edited", title: m.edited.ts ? full(Number(m.edited.ts)) : null, "data-qa": "edited" }, " (edited)");
      const place = content.querySelector(".message-text");
      (place || content).append(mark);
    }
    add(content, [attachments(m.attachments, surface), files(m.files)]);
    content._blocks = root;
  }
  const name = h("button", { type: "button", class: "author", id: nameId, on: { click: (event) => author.id !== "USLACKBOT" && showPerson(event.currentTarget, author.id) } }, author.name);
  const node = h("div", {
    class: `message${compact ? " compact" : ""}${m.ephemeral ? " ephemeral" : ""}${edit ? " editing" : ""}`, role: "article", "aria-labelledby": nameId, tabindex: "-1",
    "data-qa": "message", "data-ts": m.ts, "data-user": author.id, "data-author": author.name, "data-ephemeral": m.ephemeral ? "true" : null,
  },
    m.ephemeral && h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you"),
    m.subtype === "thread_broadcast" && !inThread && h("button", { type: "button", class: "broadcasted", on: { click: () => goTo({ channel: room, thread: m.thread_ts }) } }, "replied to a thread"),
    h("div", { class: "gutter" }, compact ? h("span", { class: "gutter-time", title: full(ts) }, clockShort(ts)) : h("button", { type: "button", class: "face", tabindex: "-1", "aria-hidden": "true", on: { click: (event) => author.id !== "USLACKBOT" && showPerson(event.currentTarget, author.id) } }, face(author, 36))),
    h("div", { class: "message-body" },
      h("div", { class: `message-head${compact ? " visually-hidden" : ""}` }, name, author.app ? h("span", { class: "app-badge" }, "APP") : badge(author.who), h("span", { class: "time", title: full(ts) }, clock(ts))),
      SYSTEM[m.subtype] ? h("div", { class: "message-text gone" }, SYSTEM[m.subtype]) : content,
      reactions(room, m),
      !inThread && threadBar(room, m)),
    toolbar(room, m, inThread));
  node._blocks = content._blocks;
  return node;
}

function rowsOf(list, { room, inThread, newFrom, intro }) {
  const rows = intro ? [{ kind: "intro" }] : [];
  let last = null;
  let day = null;
  let marked = false;
  list.forEach((m, i) => {
    const ts = Number(m.ts);
    const key = dayKey(ts * 1000);
    if (!inThread && key !== day) {
      rows.push({ kind: "day", ts, key });
      last = null;
    }
    day = key;
    if (newFrom && !marked && m.ts >= newFrom) {
      rows.push({ kind: "new" });
      marked = true;
      last = null;
    }
    const compact = Boolean(last && !m.ephemeral && !last.ephemeral && authorOf(last).id === authorOf(m).id && authorOf(last).name === authorOf(m).name && ts - Number(last.ts) < 300 && m.subtype === last.subtype && !(inThread && i === 1));
    rows.push({ kind: "message", m, compact });
    if (inThread && i === 0) rows.push({ kind: "replies", n: list.filter((x) => x.ts !== m.ts && !x.ephemeral).length });
    last = m;
  });
  return rows;
}

const named = (text) => /<[@#!]|"user|"channel|users_select|"reactions"|"reply_users"/.test(text);

/** A list that stays where the reader is, and follows new messages only when at the bottom. */
export class MessageList {
  constructor({ inThread = false, intro = null } = {}) {
    this.inThread = inThread;
    this.intro = intro;
    this.rows = h("div", { class: "rows" });
    this.pill = h("button", { type: "button", class: "pill", hidden: true, on: { click: () => this.toBottom() } }, icon("down", 14), "New messages");
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "log", "aria-label": inThread ? "Thread" : "Messages", "aria-live": "polite" }, this.rows);
    this.node = h("div", { class: "list-area" }, this.scroller, this.pill);
    this.stuck = true;
    this.last = null;
    this.scroller.addEventListener("scroll", () => {
      this.stuck = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 60;
      if (this.stuck) this.pill.hidden = true;
    });
    new ResizeObserver(() => this.stuck && this.toBottom()).observe(this.rows);
    new ResizeObserver(() => this.stuck && this.toBottom()).observe(this.scroller);
  }

  toBottom() {
    this.stuck = true;
    this.pill.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Another channel or thread is to be shown. */
  reset() {
    this.rows.replaceChildren();
    this.rows._kept = null;
    this.last = null;
    this.stuck = true;
    this.pill.hidden = true;
  }

  draw(room, list, { newFrom } = {}) {
    const all = rowsOf(list, { room, inThread: this.inThread, newFrom, intro: Boolean(this.intro) });
    reconcile(this.rows, all, {
      key: (r, i) => r.kind === "message" ? `m ${r.m.ts} ${r.m.ephemeral ? "e" : ""}` : r.kind === "day" ? `d ${r.key}` : r.kind,
      sig: (r) => {
        if (r.kind === "day") return dayDivider(r.ts);
        if (r.kind === "replies") return String(r.n);
        if (r.kind !== "message") return r.kind;
        // What is typed into its inputs is no reason to draw a message anew.
        const text = JSON.stringify({ ...r.m, state: undefined });
        return `${text}${r.compact}${editing.has(`${room}/${r.m.ts}`)}${named(text) || !r.compact ? store.peopleStamp : ""}`;
      },
      make: (r, i, old) => {
        if (r.kind === "intro") return this.intro();
        if (r.kind === "day") return h("div", { class: "day", role: "separator" }, h("span", { class: "day-words" }, dayDivider(r.ts)));
        if (r.kind === "new") return h("div", { class: "new-line", role: "separator" }, h("span", {}, "New"));
        if (r.kind === "replies") return h("div", { class: "replies-line", role: "separator" }, r.n ? plural(r.n, "reply", "replies") : "");
        return draw(r, room, this.inThread, old);
      },
    });
    const newest = list.at(-1);
    const arrived = newest && this.last && newest.ts > this.last.ts;
    if (this.stuck || (arrived && newest.user === store.as && !newest.bot)) this.toBottom();
    else if (arrived) this.pill.hidden = false;
    this.last = newest || null;
  }

  /** Brings a message into view and lights it up. */
  show(ts) {
    const node = this.rows.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!node) return false;
    this.stuck = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("lit");
    setTimeout(() => node.classList.remove("lit"), 2500);
    return true;
  }
}

/** Up arrow in an empty composer edits one's last message. */
export function editLast(room, thread) {
  const list = (thread ? store.threads.get(threadKey(room, thread)) : store.messages.get(room)) || [];
  const mine = list.filter((m) => isOwn(m) && !m.subtype).at(-1);
  if (!mine) return;
  editing.add(`${room}/${mine.ts}`);
  tell("messages", room);
  if (thread) tell("thread", threadKey(room, thread));
}

/** The messages of a channel, with this page's own notices among them. */
export function channelMessages(room) {
  const list = (store.messages.get(room) || []).filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === "thread_broadcast" || m.reply_broadcast);
  return merge(list, (store.local.get(room) || []).filter((m) => !m.thread_ts));
}
export function threadMessages(room, ts) {
  const list = store.threads.get(threadKey(room, ts)) || [];
  const parent = list.find((m) => m.ts === ts) || (store.messages.get(room) || []).find((m) => m.ts === ts);
  const rest = list.filter((m) => m.ts !== ts);
  return [...(parent ? [parent] : []), ...merge(rest, (store.local.get(room) || []).filter((m) => m.thread_ts === ts))];
}
const merge = (a, b) => (b.length ? [...a, ...b].sort((x, y) => Number(x.ts) - Number(y.ts)) : a);

/** The words at the very top of a conversation. */
export function introOf(room) {
  const c = channel(room);
  if (!c) return h("div");
  if (c.kind === "app") return h("div", { class: "intro" }, appIcon(store.state.app, 64), h("h2", {}, c.name, h("span", { class: "app-badge" }, "APP")), h("p", {}, "This is the very beginning of your direct message history with ", h("span", { class: "mention" }, `@${c.name}`), "."));
  if (c.kind === "im") {
    const who = otherOf(c);
    return h("div", { class: "intro" }, avatar(who || { name: c.name }, 64), h("h2", {}, who?.display || c.name), h("p", {}, "This conversation is just between ", h("span", { class: "mention" }, `@${who?.display || c.name}`), " and you."));
  }
  return h("div", { class: "intro" }, h("h2", {}, `# ${c.name}`), h("p", {}, "This is the very beginning of the ", h("strong", {}, `#${c.name}`), " channel.", c.topic ? ` ${textWords(c.topic)}` : ""));
}
