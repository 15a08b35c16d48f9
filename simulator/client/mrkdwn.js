// Slack's mrkdwn, plain_text and the markdown block, as DOM nodes.
import { h } from "./dom.js";
import { emojiNode, withEmoji } from "./emoji.js";
import { slackDate } from "./time.js";
import { personChip, channelChip, groupChip, openLink } from "./mentions.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
export const decode = (text) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (e) => ENTITIES[e]);

const word = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);
const MARKS = { "*": "strong", _: "em", "~": "s" };
const BARE = /^https?:\/\/[^\s<>"'`|]+/i;

/** A link that leads somewhere harmless, or only its words. */
export function link(url, label) {
  const words = label === undefined || label === "" ? url.replace(/^(mailto|tel):/, "") : label;
  const inside = typeof words === "string" ? plain(words) : words;
  if (!/^(https?:|mailto:|tel:|slack:|\/)/i.test(url)) return h("span", {}, inside);
  return h("a", { class: "link", href: url, target: "_blank", rel: "noopener noreferrer", on: { click: (event) => openLink(event, url) } }, inside);
}

/** Text with emoji short names and line breaks, nothing else. */
export function plain(text, { emoji = true } = {}) {
  const out = [];
  String(text).split("\n").forEach((line, i) => {
    if (i) out.push(h("br"));
    if (!emoji) return out.push(line);
    let last = 0;
    for (const hit of line.matchAll(/:([a-z0-9_+\-']+(?:::skin-tone-[2-6])?):/g)) {
      out.push(line.slice(last, hit.index), emojiNode(hit[1]));
      last = hit.index + hit[0].length;
    }
    out.push(line.slice(last));
  });
  return out;
}

/** What stands between `<` and `>`. */
function angle(body) {
  const bar = body.indexOf("|");
  const head = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? undefined : decode(body.slice(bar + 1));
  if (head.startsWith("@")) return personChip(head.slice(1), label);
  if (head.startsWith("#")) return channelChip(head.slice(1), label);
  if (head.startsWith("!date^")) {
    const [, seconds, pattern = "", url] = head.split("^");
    const words = Number(seconds) ? slackDate(Number(seconds), decode(pattern)) : label || "";
    return url ? link(decode(url), words) : h("span", { class: "date", title: label }, words);
  }
  if (head.startsWith("!subteam^")) return groupChip(head.slice(9), label);
  if (head.startsWith("!")) {
    const name = head.slice(1).split("^")[0];
    if (["here", "channel", "everyone"].includes(name)) return h("span", { class: "mention broadcast" }, `@${name}`);
    return h("span", {}, label || `<${decode(body)}>`);
  }
  if (/^(https?:\/\/|mailto:|tel:|slack:)/i.test(head)) return link(decode(head), label);
  return `<${decode(body)}>`;
}

/** Finds where a mark that opens at `from` closes, on the same line and outside links and code. */
function closing(text, from, mark) {
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i];
    if (c === "\n") return -1;
    if (c === "<") {
      const end = text.indexOf(">", i);
      if (end > 0) i = end;
    } else if (c === "`") {
      const end = text.indexOf("`", i + 1);
      if (end > 0) i = end;
    } else if (c === mark && i > from + 1 && !/\s/.test(text[i - 1]) && !word(text[i + 1])) return i;
  }
  return -1;
}

function inline(text, options) {
  const out = [];
  let run = "";
  const flush = () => {
    if (run) out.push(decode(run));
    run = "";
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\n") {
      flush();
      out.push(h("br"));
    } else if (c === "<") {
      const end = text.indexOf(">", i);
      if (end < 0) run += c;
      else {
        flush();
        out.push(angle(text.slice(i + 1, end)));
        i = end;
      }
    } else if (c === "`") {
      const end = text.indexOf("`", i + 1);
      if (end > i + 1 && !text.slice(i, end).includes("\n")) {
        flush();
        out.push(h("code", {}, decode(text.slice(i + 1, end).replace(/<([^|>]+)\|?([^>]*)>/g, (_, url, label) => label || url))));
        i = end;
      } else run += c;
    } else if (MARKS[c] && !word(text[i - 1]) && text[i + 1] && !/\s/.test(text[i + 1]) && text[i + 1] !== c) {
      const end = closing(text, i, c);
      if (end < 0) run += c;
      else {
        flush();
        out.push(h(MARKS[c], {}, inline(text.slice(i + 1, end), options)));
        i = end;
      }
    } else if (c === ":") {
      const hit = /^:([a-z0-9_+\-']+(?:::skin-tone-[2-6])?):/.exec(text.slice(i, i + 80));
      if (hit) {
        flush();
        out.push(emojiNode(hit[1]));
        i += hit[0].length - 1;
      } else run += c;
    } else if ((c === "h" || c === "H") && !options.verbatim && !word(text[i - 1]) && BARE.test(text.slice(i, i + 3100))) {
      const url = BARE.exec(text.slice(i, i + 3100))[0].replace(/(?:[.,;:!?)\]*_~]|&gt;)+$/, "");
      flush();
      out.push(link(decode(url)));
      i += url.length - 1;
    } else run += c;
  }
  flush();
  return out;
}

/** The mrkdwn of a text object or of a message's text. */
export function mrkdwn(text, options = {}) {
  const out = [];
  String(text ?? "").split("```").forEach((part, i, parts) => {
    const code = i % 2 === 1 && i < parts.length - 1;
    if (code) {
      out.push(h("pre", {}, decode(part.replace(/^\n/, "").replace(/\n$/, "").replace(/<([^|>]+)\|?([^>]*)>/g, (_, url, label) => label || url))));
      return;
    }
    let body = i % 2 === 1 ? "```" + part : part;
    if (i > 0 && i % 2 === 0) body = body.replace(/^\n/, "");
    if (i + 1 < parts.length - 1) body = body.replace(/\n$/, "");
    out.push(...lines(body, options));
  });
  return out;
}

function lines(text, options) {
  const out = [];
  let normal = [];
  let quoted = [];
  const flushNormal = () => {
    if (normal.length) out.push(...inline(normal.join("\n"), options));
    normal = [];
  };
  const flushQuoted = () => {
    if (quoted.length) out.push(h("blockquote", {}, inline(quoted.join("\n"), options)));
    quoted = [];
  };
  const rows = text.split("\n");
  for (let i = 0; i < rows.length; i++) {
    const three = /^(?:&gt;|>){3}\s?/.exec(rows[i]);
    if (three) {
      flushNormal();
      flushQuoted();
      quoted = [rows[i].slice(three[0].length), ...rows.slice(i + 1)];
      break;
    }
    const one = /^(?:&gt;|>)\s?/.exec(rows[i]);
    if (one) {
      flushNormal();
      quoted.push(rows[i].slice(one[0].length));
    } else {
      flushQuoted();
      normal.push(rows[i]);
    }
  }
  flushNormal();
  flushQuoted();
  return out;
}

/** A text object: plain_text or mrkdwn. */
export function textNodes(object) {
  if (!object) return [];
  if (typeof object === "string") return plain(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim });
  return plain(object.text ?? "", { emoji: object.emoji !== false });
}
/** A text object as a bare string, for places that take no nodes. */
export const textWords = (object) => (object ? withEmoji(typeof object === "string" ? object : String(object.text ?? "")) : "");

/** Standard Markdown of the `markdown` block: what people use of it. */
export function markdown(text) {
  const out = [];
  const rows = String(text).replace(/\r/g, "").split("\n");
  let i = 0;
  const LIST = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
  while (i < rows.length) {
    const row = rows[i];
    const fence = /^\s*(```|~~~)/.exec(row);
    if (fence) {
      const body = [];
      for (i++; i < rows.length && !rows[i].trim().startsWith(fence[1]); i++) body.push(rows[i]);
      i++;
      out.push(h("pre", {}, body.join("\n")));
      continue;
    }
    const head = /^(#{1,6})\s+(.*?)\s*#*$/.exec(row);
    if (head) {
      out.push(h(`h${Math.min(6, head[1].length + 1)}`, { class: `md-head md-h${head[1].length}` }, mdInline(head[2])));
      i++;
      continue;
    }
    if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) {
      out.push(h("hr"));
      i++;
      continue;
    }
    if (/^\s*>/.test(row)) {
      const body = [];
      for (; i < rows.length && /^\s*>/.test(rows[i]); i++) body.push(rows[i].replace(/^\s*>\s?/, ""));
      out.push(h("blockquote", {}, markdown(body.join("\n"))));
      continue;
    }
    if (/^\s*\|.*\|\s*$/.test(row) && /^\s*\|[\s:|-]+\|\s*$/.test(rows[i + 1] || "")) {
      const cells = (line) => line.trim().slice(1, -1).split("|").map((c) => c.trim());
      const top = cells(row);
      const body = [];
      for (i += 2; i < rows.length && /^\s*\|.*\|\s*$/.test(rows[i]); i++) body.push(cells(rows[i]));
      out.push(h("table", { class: "table" }, h("thead", {}, h("tr", {}, top.map((c) => h("th", {}, mdInline(c))))), h("tbody", {}, body.map((r) => h("tr", {}, r.map((c) => h("td", {}, mdInline(c))))))));
      continue;
    }
    if (LIST.test(row)) {
      const items = [];
      for (; i < rows.length && (LIST.test(rows[i]) || (items.length && /^\s{2,}\S/.test(rows[i]))); i++) {
        const hit = LIST.exec(rows[i]);
        if (hit) items.push({ depth: hit[1].length, ordered: /\d/.test(hit[2]), text: hit[3] });
        else items.at(-1).text += ` ${rows[i].trim()}`;
      }
      out.push(mdList(items));
      continue;
    }
    if (!row.trim()) {
      i++;
      continue;
    }
    const body = [];
    for (; i < rows.length && rows[i].trim() && !LIST.test(rows[i]) && !/^\s*(>|#{1,6}\s|```|~~~)/.test(rows[i]); i++) body.push(rows[i]);
    out.push(h("p", {}, mdInline(body.join("\n"))));
  }
  return out;
}

function mdList(items) {
  const base = items[0].depth;
  const list = h(items[0].ordered ? "ol" : "ul", {});
  for (let i = 0; i < items.length; ) {
    const task = /^\[([ xX])\]\s+(.*)$/.exec(items[i].text);
    const li = h("li", {}, task ? [task[1] === " " ? "☐ " : "☑ ", ...mdInline(task[2])] : mdInline(items[i].text));
    const deeper = [];
    for (i++; i < items.length && items[i].depth > base; i++) deeper.push(items[i]);
    if (deeper.length) li.append(mdList(deeper));
    list.append(li);
  }
  return list;
}

function mdInline(text) {
  const out = [];
  let rest = text;
  const RULES = [
    [/^\\([\\`*_{}[\]()#+\-.!~>|])/, (m) => m[1]],
    [/^`([^`]+)`/, (m) => h("code", {}, m[1])],
    [/^\*\*([^\s*](?:[^]*?[^\s*])?)\*\*/, (m) => h("strong", {}, mdInline(m[1]))],
    [/^__([^\s_](?:[^]*?[^\s_])?)__/, (m) => h("strong", {}, mdInline(m[1]))],
    [/^~~([^~]+)~~/, (m) => h("s", {}, mdInline(m[1]))],
    [/^\*([^\s*](?:[^*]*[^\s*])?)\*/, (m) => h("em", {}, mdInline(m[1]))],
    [/^_([^\s_](?:[^_]*[^\s_])?)_(?![\p{L}\p{N}])/u, (m) => h("em", {}, mdInline(m[1]))],
    [/^!?\[([^\]]*)\]\((\S+?)(?:\s+"[^"]*")?\)/, (m) => link(m[2], h("span", {}, mdInline(m[1])))],
    [/^<((?:@|#|!|https?:|mailto:)[^>]+)>/, (m) => angle(m[1])],
    [/^https?:\/\/[^\s<>"'`|)\]]+/, (m) => link(m[0])],
    [/^:([a-z0-9_+\-']+):/, (m) => emojiNode(m[1])],
    [/^\n/, () => h("br")],
  ];
  let run = "";
  while (rest) {
    let hit = null;
    for (const [rule, make] of RULES) {
      const m = rule.exec(rest);
      if (m && !(m[0][0] === "_" && word(run.at(-1)))) {
        hit = [m, make];
        break;
      }
    }
    if (!hit) {
      run += rest[0];
      rest = rest.slice(1);
      continue;
    }
    if (run) out.push(run);
    run = "";
    out.push(hit[1](hit[0]));
    rest = rest.slice(hit[0][0].length);
  }
  if (run) out.push(run);
  return out;
}
