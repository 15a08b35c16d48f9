// The select: a field that opens a list one can search; single and multiple, local and remote.
import { h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { popover } from "./popover.js";
import { textNodes, textWords } from "./mrkdwn.js";

/**
 * Options are Slack option objects, with `icon()` and `words` allowed beside. `load(query)` answers
 * `{options}` or `{option_groups}`; when `remote`, at every pause in typing, else at each key.
 */
export function select({ label, labelledBy, placeholder, multi = false, value, load, remote = false, minQuery = 0, maxItems = 0, clearable = false, disabled = false, large = false, data = {}, onChange }) {
  let chosen = [...(value || [])];
  let pop = null;
  let rows = []; // the options now shown, in order
  let at = -1;
  let asked = 0;
  let timer = 0;
  const listId = uid("list");

  const words = (o) => o.words ?? textWords(o.text);
  const input = h("input", {
    class: "select-input",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    "aria-label": labelledBy ? null : label,
    "aria-labelledby": labelledBy,
    disabled,
    "data-qa": "select",
    ...data,
  });
  const chips = h("span", { class: "chips" });
  const clear = h("button", { type: "button", class: "select-clear", "aria-label": "Clear", tabindex: "-1", on: { mousedown: (e) => e.preventDefault(), click: (e) => { e.stopPropagation(); put([]); } } }, icon("close", 14));
  const box = h("div", { class: `select${multi ? " multi" : ""}${large ? " large" : ""}${disabled ? " disabled" : ""}` }, chips, input, clear, icon("chevron", 16, { class: "select-arrow" }));

  function draw() {
    chips.replaceChildren();
    if (multi) {
      for (const o of chosen) {
        chips.append(h("span", { class: "chip", "data-qa": "chip" }, o.icon?.(18), h("span", { class: "chip-text" }, words(o)),
          h("button", { type: "button", class: "chip-x", "aria-label": `Remove ${words(o)}`, on: { mousedown: (e) => e.preventDefault(), click: (e) => { e.stopPropagation(); put(chosen.filter((x) => x.value !== o.value)); } } }, icon("close", 12))));
      }
      input.placeholder = chosen.length ? "" : placeholder;
    } else {
      if (chosen[0]?.icon) chips.append(chosen[0].icon(20));
      if (!pop) input.value = chosen[0] ? words(chosen[0]) : "";
      input.placeholder = pop && chosen[0] ? words(chosen[0]) : placeholder;
      input.title = chosen[0] ? words(chosen[0]) : "";
    }
    box.classList.toggle("filled", chosen.length > 0);
    clear.hidden = !clearable || multi || !chosen.length || disabled;
  }

  /** Takes a choice; it is taken back if the answer to its confirm dialog is no. */
  async function put(next) {
    const before = chosen;
    chosen = next;
    draw();
    pop?.put();
    if ((await onChange(chosen)) === false) {
      chosen = before;
      draw();
    }
  }

  function choose(o) {
    if (!multi) {
      const changed = chosen[0]?.value !== o.value;
      close();
      if (changed) put([o]);
      return;
    }
    const had = chosen.some((x) => x.value === o.value);
    if (!had && maxItems && chosen.length >= maxItems) return;
    input.value = "";
    put(had ? chosen.filter((x) => x.value !== o.value) : [...chosen, o]);
    ask("");
  }

  const list = h("div", { id: listId, class: "list", role: "listbox", "aria-multiselectable": multi ? "true" : null, on: { mousedown: (e) => e.preventDefault() } });

  function note(text, spinner) {
    rows = [];
    mark(-1);
    list.replaceChildren(h("div", { class: "list-note", role: "status", "data-qa": "list-note" }, spinner && h("span", { class: "spinner" }), text));
  }

  function mark(next) {
    at = next;
    [...list.querySelectorAll(".option")].forEach((node, i) => {
      node.classList.toggle("active", i === at);
      if (i === at) {
        input.setAttribute("aria-activedescendant", node.id);
        node.scrollIntoView({ block: "nearest" });
      }
    });
    if (at < 0) input.removeAttribute("aria-activedescendant");
  }

  function option(o) {
    const i = rows.push(o) - 1;
    const on = chosen.some((x) => x.value === o.value);
    return h("div", {
      id: uid("option"), class: `option${on ? " chosen" : ""}`, role: "option", "aria-selected": on ? "true" : "false", "data-qa": "option", "data-value": o.value,
      on: { click: () => choose(o), mousemove: () => at !== i && mark(i) },
    }, o.icon?.(20), h("span", { class: "option-words" }, h("span", { class: "option-text" }, o.words ?? textNodes(o.text)), o.description && h("span", { class: "option-hint" }, typeof o.description === "string" ? o.description : textNodes(o.description))), on && icon("check", 16));
  }

  function show(answer) {
    rows = [];
    const nodes = [];
    if (answer.option_groups) {
      for (const group of answer.option_groups) {
        if (!group.options?.length) continue;
        nodes.push(h("div", { class: "list-group", role: "presentation" }, textNodes(group.label)), ...group.options.map(option));
      }
    } else nodes.push(...(answer.options || []).map(option));
    if (!rows.length) return note("No results");
    list.replaceChildren(...nodes);
    const first = rows.findIndex((o) => chosen.some((x) => x.value === o.value));
    mark(!multi && first >= 0 && !input.value ? first : 0);
    pop?.put();
  }

  /** Asks for the options of a query; only the newest answer counts. */
  function ask(query) {
    clearTimeout(timer);
    const mine = ++asked;
    if (query.length < minQuery) return note(query ? "Keep typing to search…" : minQuery > 1 ? `Type at least ${minQuery} characters to search` : "Type to search");
    const run = async () => {
      try {
        const answer = await load(query);
        if (mine === asked && pop) show(answer);
      } catch (error) {
        if (mine === asked && pop) note(error.message || "Something went wrong loading options.");
      }
    };
    if (!remote) return run();
    // What is shown stays for a moment: a quick answer must not flicker.
    timer = setTimeout(() => {
      const slow = setTimeout(() => mine === asked && pop && note("Loading…", true), rows.length ? 200 : 0);
      run().finally(() => clearTimeout(slow));
    }, query ? 200 : 0);
  }

  function open(query = "") {
    if (pop || disabled) return;
    if (!multi) input.value = query;
    box.classList.add("open");
    input.setAttribute("aria-expanded", "true");
    list.replaceChildren();
    rows = [];
    pop = popover(box, list, { matchWidth: true, keepFocus: true, role: null, onClose: closed });
    draw();
    ask(query);
  }
  function close() {
    pop?.close();
  }
  function closed() {
    pop = null;
    asked++;
    clearTimeout(timer);
    box.classList.remove("open");
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    if (multi) input.value = "";
    draw();
  }

  box.addEventListener("mousedown", (event) => {
    if (disabled || event.target.closest(".chip-x, .select-clear")) return;
    if (event.target !== input) event.preventDefault();
    input.focus();
    if (pop && event.target !== input) close();
    else open();
  });
  input.addEventListener("focus", () => !multi && !pop && input.select());
  input.addEventListener("click", () => open());
  input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && document.hasFocus() && close(), 120));
  input.addEventListener("input", () => {
    if (!pop) open(input.value);
    else ask(input.value);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) {
      event.preventDefault();
      if (!pop) open();
      else if (rows.length) mark(Math.abs(step) === 1 ? (at + step + rows.length) % rows.length : Math.max(0, Math.min(rows.length - 1, at + step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      if (!pop) open();
      else if (rows[at]) choose(rows[at]);
    } else if (event.key === "Escape" && pop) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Backspace" && multi && !input.value && chosen.length) put(chosen.slice(0, -1));
    else if (event.key === "Backspace" && !multi && clearable && !pop && chosen.length) {
      event.preventDefault();
      put([]);
    } else if (event.key === "Tab") close();
  });

  draw();
  return box;
}

/** Searches a fixed list by the words shown. */
export function localLoader({ options, option_groups: groups }) {
  const hit = (o, q) => !q || (o.words ?? textWords(o.text)).toLowerCase().includes(q) || String(o.more || "").toLowerCase().includes(q);
  return async (query) => {
    const q = query.trim().toLowerCase();
    if (groups) return { option_groups: groups.map((g) => ({ label: g.label, options: (g.options || []).filter((o) => hit(o, q)) })) };
    return { options: (options || []).filter((o) => hit(o, q)) };
  };
}
