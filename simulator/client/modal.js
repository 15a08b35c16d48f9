// The modals an app opened for this person: a stack of which the top one shows.
import { add, focusOn, h, same } from "./dom.js";
import { icon } from "./icons.js";
import { drawBlocks } from "./blocks.js";
import { textWords } from "./mrkdwn.js";
import { trapFocus, toast } from "./popover.js";
import { inputsOf, isText, Surface, troubleWords } from "./surface.js";
import { appIcon } from "./person.js";
import { doAct, on, readModals, store } from "./store.js";

const views = new Map(); // view id → what is drawn of it
let before = null; // what had the focus before the first modal

const words = (t) => textWords(t);

function build(view) {
  const surface = new Surface({ type: "view", view_id: view.id }, { view_id: view.id });
  const titleId = `title-${view.id}`;
  const title = h("h1", { class: "modal-title", id: titleId });
  const body = h("div", { class: "modal-body blocks", tabindex: "-1" });
  const banner = h("div", { class: "modal-banner", role: "alert", "data-qa": "modal-banner", hidden: true }, icon("warn", 18), h("span", {}, "We had some trouble connecting. Try again?"));
  const cancel = h("button", { type: "button", class: "button medium", "data-qa": "modal-close", on: { click: () => leave(false) } });
  const submit = h("button", { type: "submit", class: "button medium primary", "data-qa": "modal-submit" });
  const form = h("form", { class: "modal-form", novalidate: true, autocomplete: "off", on: { submit: (event) => { event.preventDefault(); send(); } } },
    banner, body, h("div", { class: "modal-foot" }, cancel, submit));
  const box = h("div", { class: "modal", role: "dialog", "aria-modal": "true", "aria-labelledby": titleId, "data-qa": "modal", "data-view-id": view.id },
    h("div", { class: "modal-head" }, h("span", { class: "modal-app" }), title, h("button", { type: "button", class: "icon-button", "aria-label": "Close", "data-qa": "modal-x", on: { click: () => leave(true) } }, icon("close"))),
    form);
  const shade = h("div", { class: "shade modal-shade" }, box);
  trapFocus(box);

  const me = { view, surface, box, shade, body, mine: {}, sending: false, leave, take };

  /** Draws what the server says the view is now. */
  function take(next) {
    me.view = next;
    box.dataset.callbackId = next.callback_id || "";
    box.querySelector(".modal-app").replaceChildren(appIcon(store.state.app, 28));
    title.textContent = words(next.title);
    const inputs = (next.blocks || []).some((b) => b.type === "input");
    submit.hidden = !next.submit && !inputs;
    if (!me.sending) submit.replaceChildren(words(next.submit) || "Submit");
    cancel.textContent = words(next.close) || (submit.hidden ? "Close" : "Cancel");
    surface.take(next.blocks, next.state?.values);
    surface.errors = { ...next.errors, ...me.mine };
    drawBlocks(body, next.blocks, surface);
  }

  body.addEventListener("input", (event) => forget(event.target));
  body.addEventListener("click", (event) => forget(event.target));
  /** An error this page found itself goes when its field is touched. */
  function forget(node) {
    const id = node.closest(".block.input")?.dataset.block;
    if (!id || !me.mine[id]) return;
    delete me.mine[id];
    take(me.view);
  }

  function leave(all) {
    if (me.sending) return;
    doAct("close", { view_id: me.view.id, all }).then(readModals);
  }

  function wait(on) {
    me.sending = on;
    box.classList.toggle("sending", on);
    submit.setAttribute("aria-busy", String(on));
    submit.replaceChildren();
    if (on) submit.append(h("span", { class: "spinner light" }));
    add(submit, [h("span", { class: on ? "veiled" : "" }, words(me.view.submit) || "Submit")]);
  }

  async function send() {
    if (me.sending || submit.hidden) return;
    banner.hidden = true;
    me.mine = check(me.view.blocks, surface);
    if (Object.keys(me.mine).length) return fail();
    const late = setTimeout(() => wait(true), 60);
    me.sending = true;
    await surface.flush();
    const answer = await doAct("submit", { view_id: me.view.id, values: surface.values(me.view.blocks) });
    clearTimeout(late);
    // The answer to a submission changes the stack; it is read before the button comes back to life.
    await readModals();
    wait(false);
    if (answer.errors && Object.keys(answer.errors).length) {
      me.view = { ...me.view, errors: answer.errors };
      return fail();
    }
    if (!answer.ok) {
      if (answer.offline) toast(troubleWords(answer), { kind: "error" });
      if (views.has(me.view.id)) banner.hidden = false;
    }
  }

  function fail() {
    take(me.view);
    const first = body.querySelector(".block.wrong");
    first?.scrollIntoView({ block: "nearest" });
    first?.querySelector("input, textarea")?.focus({ preventScroll: true });
  }

  take(view);
  return me;
}

/** What Slack's client itself refuses before it asks the app. */
function check(blocks, surface) {
  const errors = {};
  for (const [block, el] of inputsOf(blocks)) {
    if (block.type !== "input") continue;
    const value = surface.get(block, el);
    const empty = value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length) || (isText(el) && !String(value).trim());
    if (empty) {
      if (!block.optional) errors[block.block_id] = "Please complete this required field.";
      continue;
    }
    if (!isText(el)) continue;
    const length = [...String(value)].length;
    if (el.max_length && length > el.max_length) errors[block.block_id] = `This field must be ${el.max_length} characters or fewer.`;
    else if (el.min_length && length < el.min_length) errors[block.block_id] = `This field must be at least ${el.min_length} characters.`;
    else if (el.type === "number_input") {
      const number = Number(value);
      if (Number.isNaN(number) || (!el.is_decimal_allowed && !Number.isInteger(number))) errors[block.block_id] = el.is_decimal_allowed ? "Please enter a valid number." : "Please enter a whole number.";
      else if (el.min_value !== undefined && number < Number(el.min_value)) errors[block.block_id] = `Please enter a number that is ${el.min_value} or more.`;
      else if (el.max_value !== undefined && number > Number(el.max_value)) errors[block.block_id] = `Please enter a number that is ${el.max_value} or less.`;
    } else if (el.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(value)) errors[block.block_id] = "Please enter a valid email address.";
    else if (el.type === "url_text_input" && !/^https?:\/\/\S+\.?\S*$/i.test(value)) errors[block.block_id] = "Please enter a valid URL.";
  }
  return errors;
}

function firstFocus(me) {
  const wanted = (me.view.blocks || []).find((b) => b.element?.focus_on_load || b.accessory?.focus_on_load || b.elements?.some?.((e) => e.focus_on_load));
  const inside = wanted ? me.body.querySelector(`[data-block-id="${CSS.escape(wanted.block_id)}"]`) : me.body;
  focusOn(inside?.querySelector("input:not([disabled]), textarea, select") || me.box.querySelector("[data-qa=modal-submit]:not([hidden]), [data-qa=modal-close]"));
}

export function drawModals() {
  const root = document.getElementById("modals");
  const stack = store.modals;
  const had = views.size;
  const wasTop = topModal();
  if (!had && stack.length) before = document.activeElement;
  for (const [id, me] of [...views]) {
    if (stack.some((v) => v.id === id)) continue;
    me.shade.remove();
    views.delete(id);
  }
  stack.forEach((view) => {
    let me = views.get(view.id);
    if (!me) {
      me = build(view);
      me.shade.classList.toggle("pushed", had > 0);
      views.set(view.id, me);
      root.append(me.shade);
    } else if (!same(view, me.view)) me.take(view);
  });
  stack.forEach((view, i) => { views.get(view.id).shade.hidden = i !== stack.length - 1; });
  const top = topModal();
  document.getElementById("client")?.toggleAttribute("inert", Boolean(top));
  if (top && top !== wasTop) firstFocus(top);
  if (!top && had) {
    if (before?.isConnected) focusOn(before);
    before = null;
  }
}

export const topModal = () => {
  const view = store.modals.at(-1);
  return view && views.get(view.id);
};

on("modals", drawModals);
on("state", () => { for (const me of views.values()) me.take(me.view); });
