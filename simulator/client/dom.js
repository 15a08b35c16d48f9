// Building and keeping DOM nodes. Data only ever enters as text nodes and attributes.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. Props: class, on:{event: fn}, data-*, aria-*, any attribute; null and false are left out. */
export function h(tag, props, ...kids) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "on") for (const [event, fn] of Object.entries(value)) node.addEventListener(event, fn);
    else if (name === "style") Object.assign(node.style, value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, kids);
  return node;
}

/** Appends children: nodes, strings, arrays of them; null and false are skipped. */
export function add(node, kids) {
  for (const kid of [kids].flat(Infinity)) {
    if (kid === null || kid === undefined || kid === false || kid === "") continue;
    node.append(kid instanceof Node ? kid : String(kid));
  }
  return node;
}

export function svg(paths, size = 20, props = {}) {
  const node = document.createElementNS(SVG, "svg");
  const all = { viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", ...props };
  for (const [name, value] of Object.entries(all)) node.setAttribute(name, value);
  for (const d of [paths].flat()) {
    const path = document.createElementNS(SVG, "path");
    if (d.startsWith("fill:")) {
      path.setAttribute("d", d.slice(5));
      path.setAttribute("fill", "currentColor");
      path.setAttribute("stroke", "none");
    } else path.setAttribute("d", d);
    node.append(path);
  }
  return node;
}

let counter = 0;
export const uid = (prefix = "id") => `${prefix}-${++counter}`;

export function debounce(fn, ms) {
  let timer = 0;
  const run = (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => fn(...args), ms);
  };
  run.cancel = () => clearTimeout(timer);
  return run;
}

export const cut = (text, max) => (text.length > max ? text.slice(0, max - 1) + "…" : text);
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
export const plural = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;

/** Says where the keyboard is, so that it can be put back after the node under it was made anew. */
function focusMark(inside) {
  const at = document.activeElement;
  if (!at || !inside.contains(at)) return null;
  const { qaBlock, qaAction, qaPart, qaValue } = at.dataset;
  let range = null;
  try {
    range = [at.selectionStart, at.selectionEnd];
  } catch {
    range = null;
  }
  return { qaBlock, qaAction, qaPart, qaValue, tag: at.tagName, text: at.tagName === "BUTTON" ? at.textContent : null, range };
}

/** Columns are frames side by side: one that is not in use must not take the keyboard from the one that is. */
export function focusOn(node) {
  if (node && (document.hasFocus() || window === window.top)) node.focus({ preventScroll: true });
}

function putFocus(inside, mark) {
  if (!mark || !document.hasFocus()) return;
  for (const node of inside.querySelectorAll(mark.tag)) {
    const data = node.dataset;
    const hit = mark.qaAction !== undefined
      ? data.qaAction === mark.qaAction && data.qaBlock === mark.qaBlock && data.qaPart === mark.qaPart && data.qaValue === mark.qaValue
      : mark.text !== null && node.textContent === mark.text;
    if (!hit) continue;
    node.focus({ preventScroll: true });
    if (mark.range && mark.range[0] !== null && node.setSelectionRange) {
      try {
        node.setSelectionRange(...mark.range);
      } catch {
        // Inputs without a caret refuse; the focus is what matters.
      }
    }
    return;
  }
}

/**
 * Makes `root` hold one node per item, in order. A node whose signature did not change stays the very same node,
 * so focus, caret, scroll and open pickers survive; a changed one is made anew and gets the focus back.
 */
export function reconcile(root, items, { key, sig, make, keep }) {
  const old = root._kept || new Map();
  const kept = new Map();
  const wanted = new Set();
  const ids = items.map((item, i) => {
    let id = key(item, i);
    while (wanted.has(id)) id += "+";
    wanted.add(id);
    return id;
  });
  // What is gone goes first: else everything behind it would be moved, and a moved field loses the focus.
  for (const [id, { node }] of old) if (!wanted.has(id)) node.remove();
  let at = root.firstChild;
  items.forEach((item, i) => {
    const id = ids[i];
    const signature = sig(item, i);
    const had = old.get(id);
    let node;
    if (had && had.signature === signature && !(keep && keep(item, had.node) === false)) {
      node = had.node;
    } else {
      const mark = had ? focusMark(had.node) : null;
      node = make(item, i, had?.node);
      if (had) {
        if (at === had.node) at = node;
        had.node.replaceWith(node);
        putFocus(node, mark);
      }
    }
    kept.set(id, { node, signature });
    if (node === at) at = at.nextSibling;
    else root.insertBefore(node, at);
  });
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  root._kept = kept;
}
