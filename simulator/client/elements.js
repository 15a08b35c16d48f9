// The interactive elements of Block Kit.
import { h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { askConfirm, menu } from "./popover.js";
import { dateTimePicker, datePicker, timePicker } from "./dates.js";
import { localLoader, select } from "./select.js";
import { textNodes, textWords } from "./mrkdwn.js";
import { openLink } from "./mentions.js";
import { allPeople, channel, doAct, otherOf, person, store } from "./store.js";
import { avatar, appIcon } from "./person.js";
import { troubleWords } from "./surface.js";

const hooks = (block, el) => ({ "data-qa-block": block.block_id || "", "data-qa-action": el.action_id || "" });

/** Asks the element's confirm object first, if it has one. */
async function confirmed(el) {
  if (!el.confirm) return true;
  return askConfirm({ ...el.confirm, node: textNodes(el.confirm.text) }, textWords);
}

/** Shows that an act is under way, but only if it takes a while. */
async function busy(node, job) {
  if (node.getAttribute("aria-busy")) return;
  node.setAttribute("aria-busy", "true");
  const late = setTimeout(() => node.classList.add("busy"), 120);
  try {
    return await job();
  } finally {
    clearTimeout(late);
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
  }
}

function button(el, { surface, block }) {
  const words = textWords(el.text);
  const node = h(el.url ? "a" : "button", {
    type: el.url ? null : "button",
    ...(el.url ? { href: /^(https?:|mailto:|slack:|\/)/i.test(el.url) ? el.url : null, target: "_blank", rel: "noopener noreferrer", role: "button" } : {}),
    class: `button small ${el.style === "primary" ? "primary" : el.style === "danger" ? "danger" : ""}`,
    "data-qa": "block-button",
    ...hooks(block, el),
    "aria-label": el.accessibility_label || null,
    title: words.length > 30 ? words : null,
  }, h("span", { class: "button-words" }, textNodes(el.text)));
  node.addEventListener("click", async (event) => {
    if (el.url && !el.confirm) openLink(event, el.url);
    else if (el.url) event.preventDefault();
    if (!(await confirmed(el))) return;
    if (el.url && el.confirm) window.open(el.url, "_blank", "noopener");
    busy(node, async () => {
      await surface.flush();
      await surface.send("click", block, el, { value: el.value });
    });
  });
  return node;
}

function overflow(el, { surface, block }) {
  const node = h("button", { type: "button", class: "button small overflow", "aria-label": "More actions", "aria-haspopup": "menu", "data-qa": "overflow", ...hooks(block, el) }, icon("more", 16));
  node.addEventListener("click", () => {
    menu(node, (el.options || []).map((o) => ({
      label: textNodes(o.text),
      hint: o.description && textNodes(o.description),
      qa: "option",
      data: { "data-value": o.value },
      note: o.url ? icon("link", 14) : null,
      run: async () => {
        if (!(await confirmed(el))) return;
        if (o.url && /^(https?:|mailto:)/i.test(o.url)) window.open(o.url, "_blank", "noopener");
        busy(node, async () => {
          await surface.flush();
          await surface.send("overflow", block, el, { selected_option: o });
        });
      },
    })), { label: "More actions" });
  });
  return node;
}

function textInput(el, { surface, block, labelledBy, label, large, describedBy }) {
  const multiline = el.type === "plain_text_input" && el.multiline;
  const number = el.type === "number_input";
  const triggers = block.dispatch_action ? el.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"] : [];
  const onEnter = triggers.includes("on_enter_pressed");
  const onType = triggers.includes("on_character_entered");
  const input = h(multiline ? "textarea" : "input", {
    class: `text-input${large ? " large" : ""}`,
    type: multiline ? null : { email_text_input: "email", url_text_input: "url" }[el.type] || "text",
    inputmode: number ? (el.is_decimal_allowed ? "decimal" : "numeric") : null,
    rows: multiline ? "4" : null,
    autocomplete: "off",
    placeholder: textWords(el.placeholder) || null,
    "aria-labelledby": labelledBy,
    "aria-label": labelledBy ? null : label,
    "aria-describedby": describedBy,
    value: surface.get(block, el) ?? "",
    "data-qa": "text-input",
    ...hooks(block, el),
  });
  const counter = el.max_length ? h("span", { class: "counter", "aria-hidden": "true" }) : null;
  const count = () => {
    if (!counter) return;
    const left = el.max_length - [...input.value].length;
    counter.textContent = String(left);
    counter.classList.toggle("over", left < 0);
  };
  const grow = () => {
    if (!multiline || !input.isConnected) return;
    input.style.height = "auto";
    input.style.height = `${Math.min(320, Math.max(92, input.scrollHeight + 2))}px`;
  };
  input.addEventListener("input", () => {
    count();
    grow();
    const value = input.value === "" ? null : input.value;
    surface.set(block, el, value);
    if (onType) surface.type(block, el, value, { dispatch: true, after: 300 });
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (!onEnter || (multiline && event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    surface.type(block, el, input.value === "" ? null : input.value, { dispatch: true, after: 0 });
  });
  count();
  requestAnimationFrame(grow);
  return h("div", { class: `text-field${counter ? " counted" : ""}${multiline ? " multiline" : ""}` }, input, counter, onEnter && !multiline && h("span", { class: "enter-hint", title: "Press Enter to apply" }, "⏎"));
}

const userOption = (p) => ({ value: p.id, words: p.display, more: `${p.name} ${p.title || ""}`, description: p.title || null, icon: (size) => (p.id === store.state.app?.bot_user_id ? appIcon(store.state.app, size) : avatar(p, size)) });
function roomOption(c) {
  if (c.kind === "app") return { value: c.id, words: c.name, icon: (size) => appIcon(store.state.app, size) };
  if (c.kind === "im") {
    const who = otherOf(c);
    return { value: c.id, words: who?.display || c.name, icon: (size) => avatar(who || { name: c.name }, size) };
  }
  return { value: c.id, words: c.name, icon: () => h("span", { class: "hash" }, "#") };
}

function picker(el, { surface, block, labelledBy, label, large }) {
  const multi = el.type.startsWith("multi_");
  const kind = el.type.replace("multi_", "");
  let options = null;
  let decode = (v) => v;
  let encode = (o) => o.value;
  if (kind === "users_select") {
    options = allPeople().filter((p) => !p.deleted && p.id !== "USLACKBOT").map(userOption);
    decode = (id) => options.find((o) => o.value === id) || { value: id, words: person(id)?.display || id };
  } else if (kind === "conversations_select" || kind === "channels_select") {
    const include = el.filter?.include;
    const fits = (c) => (kind === "channels_select" ? c.kind === "channel" : !include || (c.kind === "channel" ? include.includes(c.private ? "private" : "public") : include.includes("im")));
    options = (store.state.channels || []).filter(fits).map(roomOption);
    decode = (id) => options.find((o) => o.value === id) || { value: id, words: channel(id)?.name || id };
  } else {
    encode = ({ icon: _i, words: _w, more: _m, ...o }) => o;
  }
  let start = surface.get(block, el);
  if (kind === "conversations_select" && !start && el.default_to_current_conversation && surface.container.channel) start = surface.container.channel;
  const value = (multi ? start || [] : start ? [start] : []).map(decode);
  const remote = kind === "external_select";
  const load = remote
    ? async (query) => {
      const answer = await doAct("options", { container: surface.container, block_id: block.block_id, action_id: el.action_id, query });
      if (!answer.ok) throw new Error(answer.offline ? troubleWords(answer) : "Something went wrong loading these options. Try again.");
      return answer;
    }
    : localLoader(options ? { options } : { options: el.options, option_groups: el.option_groups });
  const node = select({
    label: label || textWords(el.placeholder) || "Choose",
    labelledBy,
    placeholder: textWords(el.placeholder) || (multi ? "Select options" : { users_select: "Select a person", channels_select: "Select a channel", conversations_select: "Select a conversation" }[kind] || "Select an option"),
    multi,
    value,
    load,
    remote,
    minQuery: remote ? el.min_query_length ?? 3 : 0,
    maxItems: el.max_selected_items || 0,
    clearable: block.type === "input" && block.optional === true,
    large,
    data: hooks(block, el),
    onChange: async (chosen) => {
      if (!(await confirmed(el))) return false;
      const next = chosen.map(encode);
      surface.set(block, el, multi ? next : next[0] ?? null);
      return true;
    },
  });
  return node;
}

function choices(el, { surface, block, labelledBy, label }) {
  const many = el.type === "checkboxes";
  const name = uid("choice");
  const start = surface.get(block, el);
  const picked = new Set((many ? start || [] : start ? [start] : []).map((o) => o.value));
  const row = h("div", { class: "choices", role: many ? "group" : "radiogroup", "aria-labelledby": labelledBy, "aria-label": labelledBy ? null : label || "Options" });
  for (const o of el.options || []) {
    const id = uid("opt");
    const input = h("input", { id, type: many ? "checkbox" : "radio", name, value: o.value, checked: picked.has(o.value), ...hooks(block, el), "data-qa": "choice-input", "data-qa-value": o.value });
    input.addEventListener("change", async () => {
      if (el.confirm && !(await confirmed(el))) {
        input.checked = !input.checked;
        return;
      }
      if (many) {
        const on = (el.options || []).filter((x) => row.querySelector(`input[data-qa-value="${CSS.escape(x.value)}"]`)?.checked);
        surface.set(block, el, on);
      } else surface.set(block, el, o);
    });
    row.append(h("label", { class: "choice", for: id, "data-qa": "choice", "data-value": o.value }, input, h("span", { class: "choice-words" }, h("span", { class: "choice-text" }, textNodes(o.text)), o.description && h("span", { class: "choice-hint" }, textNodes(o.description)))));
  }
  return row;
}

/** A date or time asks its confirm only where it acts at once. */
function dateElement(el, { surface, block, labelledBy, label, large }) {
  const make = { datepicker: datePicker, timepicker: timePicker, datetimepicker: dateTimePicker }[el.type];
  return make({
    value: surface.get(block, el),
    placeholder: textWords(el.placeholder),
    label: label || textWords(el.placeholder),
    labelledBy: el.type === "datetimepicker" ? null : labelledBy,
    large,
    data: { ...hooks(block, el), "data-qa": el.type },
    onChange: async (value) => {
      if (!(await confirmed(el))) return;
      surface.set(block, el, value, el.type === "timepicker" && el.timezone ? { extra: { timezone: el.timezone } } : {});
    },
  });
}

/** A rich text input, as plain lines: each line is sent as a rich_text_section. */
function richInput(el, { surface, block, labelledBy, label, large }) {
  const read = (value) => (value?.elements || []).map((p) => (p.elements || []).map((e) => e.text || e.url || (e.name ? `:${e.name}:` : "")).join("")).join("\n");
  const input = h("textarea", { class: `text-input${large ? " large" : ""}`, rows: "4", placeholder: textWords(el.placeholder) || null, "aria-labelledby": labelledBy, "aria-label": labelledBy ? null : label, value: read(surface.get(block, el)), "data-qa": "text-input", ...hooks(block, el) });
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => surface.set(block, el, input.value ? { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: input.value }] }] } : null), 250);
  });
  return h("div", { class: "text-field multiline" }, input);
}

const MAKERS = {
  button,
  workflow_button: button,
  overflow,
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  static_select: picker,
  external_select: picker,
  users_select: picker,
  conversations_select: picker,
  channels_select: picker,
  multi_static_select: picker,
  multi_external_select: picker,
  multi_users_select: picker,
  multi_conversations_select: picker,
  multi_channels_select: picker,
  radio_buttons: choices,
  checkboxes: choices,
  datepicker: dateElement,
  timepicker: dateElement,
  datetimepicker: dateElement,
  rich_text_input: richInput,
};

export function image(el, className) {
  const src = el.image_url || el.slack_file?.url || "";
  const node = h("img", { class: className, src: /^(https?:|data:image\/|\/)/.test(src) ? src : "", alt: textWords(el.alt_text || ""), referrerpolicy: "no-referrer", loading: "lazy" });
  node.addEventListener("error", () => node.replaceWith(h("span", { class: `${className} image-missing`, role: "img", "aria-label": el.alt_text || "image", title: src }, el.alt_text || "image")));
  return node;
}

/** One element as a node. `where` is {surface, block, large?, labelledBy?, label?}. */
export function element(el, where) {
  if (el.type === "image") return image(el, "accessory-image");
  const make = MAKERS[el.type];
  if (!make) return h("span", { class: "unknown" }, `[${el.type}]`);
  return make(el, where);
}
