// The layout blocks of Block Kit.
import { add, h, reconcile, uid } from "./dom.js";
import { icon } from "./icons.js";
import { element, image } from "./elements.js";
import { link, markdown, mrkdwn, plain, textNodes, textWords } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { isInput } from "./surface.js";
import { store } from "./store.js";

function section(block, surface) {
  const where = { surface, block, label: textWords(block.text) || undefined };
  const wide = block.accessory && block.accessory.type !== "image" && (isInput(block.accessory) && /checkboxes|radio/.test(block.accessory.type));
  const words = h("div", { class: "section-words" },
    block.text && h("div", { class: "section-text" }, textNodes(block.text)),
    block.fields?.length ? h("div", { class: "section-fields" }, block.fields.map((f) => h("div", { class: "section-field" }, textNodes(f)))) : null,
    wide && element(block.accessory, where));
  return h("div", { class: "block section" }, words, block.accessory && !wide && h("div", { class: `section-accessory is-${block.accessory.type}` }, element(block.accessory, where)));
}

const header = (block) => h("div", { class: "block header", role: "heading", "aria-level": "3" }, textNodes(block.text));
const divider = () => h("hr", { class: "block divider" });

function context(block) {
  return h("div", { class: "block context" }, (block.elements || []).map((e) => (e.type === "image" ? image(e, "context-image") : h("span", { class: "context-text" }, textNodes(e)))));
}

function actions(block, surface) {
  return h("div", { class: "block actions" }, (block.elements || []).map((e) => h("div", { class: `action is-${e.type}` }, element(e, { surface, block }))));
}

function imageBlock(block) {
  const title = block.title && textNodes(block.title);
  return h("div", { class: "block image" }, title && h("div", { class: "image-title" }, title), image(block, "block-image"));
}

function input(block, surface) {
  const id = uid("label");
  const grouped = /checkboxes|radio/.test(block.element?.type || "");
  const label = h("div", { class: "input-label", id }, textNodes(block.label), block.optional && h("span", { class: "input-optional" }, " (optional)"));
  const error = h("div", { class: "input-error", role: "alert", "data-qa": "field-error", hidden: true });
  const body = block.element ? element(block.element, { surface, block, large: true, labelledBy: id }) : null;
  if (!grouped) label.addEventListener("click", () => body?.querySelector("input, textarea")?.focus());
  const node = h("div", { class: "block input", "data-qa": "input-block", "data-block": block.block_id }, label, body, error, block.hint && h("div", { class: "input-hint" }, textNodes(block.hint)));
  node._error = (text) => {
    error.replaceChildren();
    if (text) add(error, [icon("warn", 15), h("span", {}, plain(text))]);
    error.hidden = !text;
    node.classList.toggle("wrong", Boolean(text));
    body?.querySelectorAll("input, textarea").forEach((n) => (text ? n.setAttribute("aria-invalid", "true") : n.removeAttribute("aria-invalid")));
  };
  return node;
}

function table(block) {
  const settings = block.column_settings || [];
  const cell = (c, i, tag) => h(tag, { style: { textAlign: settings[i]?.align || null } }, !c ? "" : c.type === "rich_text" ? richText(c) : plain(String(c.text ?? c.value ?? "")));
  const [top, ...rows] = block.rows || [];
  return h("div", { class: "block table-wrap" }, h("table", { class: "table" }, top && h("thead", {}, h("tr", {}, top.map((c, i) => cell(c, i, "th")))), h("tbody", {}, rows.map((r) => h("tr", {}, r.map((c, i) => cell(c, i, "td")))))));
}

function video(block) {
  return h("div", { class: "block video" }, h("div", { class: "image-title" }, link(block.title_url || block.video_url || "", textWords(block.title))), block.description && h("div", {}, textNodes(block.description)), image({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "block-image"));
}

const MAKERS = {
  section, header, divider, context, actions, input, table, video,
  image: imageBlock,
  rich_text: (block) => h("div", { class: "block rich" }, richText(block)),
  markdown: (block) => h("div", { class: "block markdown" }, markdown(block.text || "")),
  context_actions: actions,
  file: (block) => h("div", { class: "block context" }, h("span", { class: "context-text" }, `📎 ${block.external_id || "file"}`)),
};

function make(block, surface) {
  const maker = MAKERS[block.type];
  const node = maker ? maker(block, surface) : h("div", { class: "block unknown" }, `[${block.type}]`);
  if (block.block_id) node.dataset.blockId = block.block_id;
  return node;
}

// Names in text change when people do; fields that ask for people read them when drawn.
const named = (text) => /<[@#!]|"user|"channel|users_select|conversations_select|channels_select/.test(text);

/** Draws the blocks into `root`; what did not change is left alone. */
export function drawBlocks(root, blocks, surface) {
  reconcile(root, blocks || [], {
    key: (b, i) => b.block_id ? `id ${b.block_id}` : `at ${i} ${b.type}`,
    sig: (b) => {
      const text = surface.signature(b);
      return `${text}${named(text) ? store.peopleStamp : ""}`;
    },
    make: (b) => make(b, surface),
  });
  for (const { node } of root._kept.values()) node._error?.(surface.errors[node.dataset.block]);
  return root;
}

const COLORS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };
/** The secondary attachments of a message. */
export function attachments(list, surface) {
  return (list || []).map((a) => {
    const hex = /^#?([0-9a-f]{3,8})$/i.exec(a.color || "");
    const color = COLORS[a.color] || (hex ? `#${hex[1]}` : "var(--line-strong)");
    const body = h("div", { class: "attachment-body" });
    if (a.pretext) body.append(h("div", { class: "attachment-pretext" }, mrkdwn(a.pretext)));
    if (a.author_name) body.append(h("div", { class: "attachment-author" }, a.author_link ? link(a.author_link, a.author_name) : plain(a.author_name)));
    if (a.title) body.append(h("div", { class: "attachment-title" }, a.title_link ? link(a.title_link, a.title) : plain(a.title)));
    if (a.text) body.append(h("div", {}, mrkdwn(a.text)));
    if (a.fields?.length) body.append(h("div", { class: "section-fields" }, a.fields.map((f) => h("div", { class: f.short ? "section-field" : "section-field long" }, h("strong", {}, plain(f.title || "")), h("br"), mrkdwn(f.value || "")))));
    if (a.blocks?.length) body.append(drawBlocks(h("div", { class: "blocks" }), a.blocks, surface));
    if (!a.blocks?.length && !a.text && !a.title && a.fallback) body.append(plain(a.fallback));
    if (a.image_url) body.append(image({ image_url: a.image_url, alt_text: a.title || "image" }, "block-image"));
    if (a.footer) body.append(h("div", { class: "attachment-footer" }, plain(a.footer)));
    return h("div", { class: "attachment" }, h("div", { class: "attachment-bar", style: { background: color } }), body);
  });
}
