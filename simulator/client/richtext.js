// The rich_text block: sections, lists, quotes and preformatted text.
import { h } from "./dom.js";
import { emojiNode } from "./emoji.js";
import { link, plain } from "./mrkdwn.js";
import { slackDate } from "./time.js";
import { personChip, channelChip, groupChip } from "./mentions.js";

function styled(node, style = {}) {
  let out = node;
  if (style.code) out = h("code", {}, out);
  if (style.strike) out = h("s", {}, out);
  if (style.italic) out = h("em", {}, out);
  if (style.bold) out = h("strong", {}, out);
  if (style.underline) out = h("u", {}, out);
  return out;
}

function leaf(e) {
  switch (e.type) {
    case "text": return styled(h("span", {}, plain(e.text || "", { emoji: false })), e.style);
    case "link": return styled(link(e.url || "", e.text || undefined), e.style);
    case "user": return styled(personChip(e.user_id), e.style);
    case "channel": return styled(channelChip(e.channel_id), e.style);
    case "usergroup": return styled(groupChip(e.usergroup_id), e.style);
    case "broadcast": return h("span", { class: "mention broadcast" }, `@${e.range}`);
    case "emoji": return emojiNode(e.skin_tone ? `${e.name}::skin-tone-${e.skin_tone}` : e.name || "", e.unicode);
    case "date": {
      const words = slackDate(e.timestamp, e.format || "{date} at {time}");
      return e.url ? link(e.url, words) : h("span", { class: "date", title: e.fallback }, words);
    }
    case "color": return h("span", {}, h("span", { class: "swatch", style: { background: /^#?[0-9a-f]{3,8}$/i.test(e.value || "") ? e.value : "none" } }), e.value || "");
    default: return e.text || e.fallback || "";
  }
}

function bulletClass(list) {
  const kinds = list.style === "ordered" ? ["decimal", "lower-alpha", "lower-roman"] : ["disc", "circle", "square"];
  return kinds[(list.indent || 0) % 3];
}

export function richText(block) {
  const out = h("div", { class: "rich-text" });
  const counts = new Map();
  for (const part of block.elements || []) {
    const inside = (part.elements || []).map((e) => (e.elements ? e : leaf(e)));
    if (part.type !== "rich_text_list") counts.clear();
    if (part.type === "rich_text_list") {
      const indent = part.indent || 0;
      const id = `${part.style}/${indent}`;
      for (const key of [...counts.keys()]) if (Number(key.split("/")[1]) > indent) counts.delete(key);
      const start = (part.offset || counts.get(id) || 0) + 1;
      counts.set(id, start - 1 + (part.elements || []).length);
      out.append(h(part.style === "ordered" ? "ol" : "ul", { class: part.border ? "bordered" : null, start: part.style === "ordered" ? start : null, style: { listStyleType: bulletClass(part), marginLeft: `${indent * 28}px` } },
        (part.elements || []).map((li) => h("li", {}, (li.elements || []).map(leaf)))));
    } else if (part.type === "rich_text_preformatted") out.append(h("pre", {}, (part.elements || []).map((e) => e.text || e.url || "")));
    else if (part.type === "rich_text_quote") out.append(h("blockquote", {}, inside));
    else out.append(h("div", { class: "rich-section" }, inside));
  }
  return out;
}

/** Whether the block is nothing but a few emoji, which are shown large. */
export function onlyEmoji(block) {
  const leaves = (block.elements || []).flatMap((p) => (p.type === "rich_text_section" ? p.elements || [] : [{ type: "other" }]));
  const count = leaves.filter((e) => e.type === "emoji").length;
  return count > 0 && count <= 23 && leaves.every((e) => e.type === "emoji" || (e.type === "text" && !e.text.trim()));
}
