// Keeps an open page up to date. The server says by an event that something changed; the page then asks for itself anew and
// takes over the parts that are different. Whatever somebody is typing stays, and without this script nothing is missing
// but that.
"use strict";

const page = document.querySelector("[data-events]");
const announce = document.getElementById("announce");
const parts = () => [...document.querySelectorAll("[data-live]")];
// As the server sent them: what the reader opens, types and chooses is not in it.
const shown = new Map(parts().map((part) => [part.id, part.outerHTML]));
let mark = page.dataset.mark;

// What was just done is said once, and not again when the page is loaded again.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

// A form is sent once.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => {
    for (const button of event.target.querySelectorAll("button")) button.disabled = true;
  });
});
// Back by the browser's button: it may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

const fields = (part) => [...part.querySelectorAll("textarea, select, input:not([type=hidden])")];
// What the server gave back, because it was refused or could not be sent, was typed as well.
const isGivenBack = (field) => field.form && field.form.querySelector(".refused") && field.value.trim() !== "";
const isTyped = (field) =>
  isGivenBack(field) ? true : field.type === "checkbox" || field.type === "radio"
    ? field.checked !== field.defaultChecked
    : field.tagName === "SELECT"
      ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.value !== ""
      : field.value !== field.defaultValue;

// Takes over a part, with what was opened and typed in the old one.
function replace(old, next) {
  const opened = [...old.querySelectorAll("details[open]")].map((details) => details.id);
  const typed = fields(old).filter(isTyped);
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const selection = focus && "selectionStart" in focus ? [focus.selectionStart, focus.selectionEnd] : null;
  const lost = [];
  const fresh = document.importNode(next, true);
  old.replaceWith(fresh);
  for (const id of opened) {
    const details = id && document.getElementById(id);
    if (details) details.open = true;
  }
  for (const field of typed) {
    const there = field.id && document.getElementById(field.id);
    if (!there) {
      if (field.tagName === "TEXTAREA" && field.value.trim()) lost.push(field.value);
    } else if (field.type === "checkbox" || field.type === "radio") there.checked = field.checked;
    else there.value = field.value;
  }
  if (focus) {
    const there = focus.id && document.getElementById(focus.id);
    if (there) {
      there.focus({ preventScroll: true });
      if (selection && selection[0] !== null) there.setSelectionRange(...selection);
    }
  }
  return lost;
}

// Words whose form is gone are kept where they can be copied.
function keep(words) {
  const kept = document.getElementById("kept");
  kept.hidden = false;
  kept.replaceChildren();
  const said = document.createElement("p");
  said.textContent = "This changed while you were writing. What you had written:";
  const text = document.createElement("textarea");
  text.readOnly = true;
  text.rows = 3;
  text.value = words.join("\n\n");
  text.setAttribute("aria-label", said.textContent);
  kept.append(said, text);
}

function tell(words) {
  announce.textContent = "";
  // A live region speaks when it changes, so it is emptied first.
  setTimeout(() => (announce.textContent = words), 50);
}

const wordsOf = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");

// One after the other: an older answer never comes over a newer one.
let turn = Promise.resolve();
function refresh() {
  turn = turn.then(take).catch(() => {});
  return turn;
}

async function take() {
  const answer = await fetch(location.pathname, { headers: { "X-C1-Live": "1" }, cache: "no-store" });
  if (answer.redirected) return ended();
  if (answer.status === 404) return gone();
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const there = new Map([...next.querySelectorAll("[data-live]")].map((part) => [part.id, part]));
  const before = wordsOf(document.querySelector("#head .standing"));
  const comments = document.querySelectorAll("[data-comment]").length;
  const lost = [];
  for (const part of parts()) {
    const fresh = there.get(part.id);
    if (!fresh) {
      lost.push(...fields(part).filter((field) => field.tagName === "TEXTAREA" && isTyped(field) && field.value.trim()).map((field) => field.value));
      part.remove();
      shown.delete(part.id);
    } else if (shown.get(part.id) !== fresh.outerHTML) {
      shown.set(part.id, fresh.outerHTML);
      lost.push(...replace(part, fresh));
    }
  }
  // What is new stands behind what comes before it.
  const last = {};
  for (const fresh of there.values()) {
    const place = fresh.parentElement.className;
    const known = document.getElementById(fresh.id);
    if (known) last[place] = known;
    else {
      const added = document.importNode(fresh, true);
      shown.set(fresh.id, fresh.outerHTML);
      const column = document.querySelector(`.columns > .${place}`);
      if (last[place]) last[place].after(added);
      else if (column) column.prepend(added);
      last[place] = added;
    }
  }
  mark = next.querySelector("[data-events]").dataset.mark;
  document.title = next.title;
  if (lost.length) keep(lost);
  const after = wordsOf(document.querySelector("#head .standing"));
  const said = [...document.querySelectorAll("[data-comment]")];
  if (after !== before) tell(after);
  else if (said.length > comments) tell(wordsOf(said[said.length - 1]));
}

// --- the connection

let source = null;
let pause = 1000;
let over = false;

function stop(words, link) {
  over = true;
  if (source) source.close();
  const kept = document.getElementById("kept");
  const said = document.createElement("p");
  said.append(words);
  if (link) {
    const a = document.createElement("a");
    a.href = `/sign-in?to=${location.pathname}`;
    a.textContent = link;
    said.append(" ", a);
  }
  kept.hidden = false;
  kept.append(said);
  tell(words);
}
const ended = () => over || stop("You are signed out, and this page is not kept up to date any more.", "Sign in again");
const gone = () => over || stop("This request is not for you to see any more.");

function connect() {
  if (over || source || document.hidden) return;
  source = new EventSource(page.dataset.events);
  source.addEventListener("mark", (event) => {
    pause = 1000;
    page.dataset.connected = "yes";
    if (event.data !== mark) refresh();
  });
  source.addEventListener("ended", ended);
  source.addEventListener("gone", gone);
  source.addEventListener("error", () => {
    delete page.dataset.connected;
    if (over || !source || source.readyState !== EventSource.CLOSED) return;
    // The browser gives up after an answer that is no stream; we do not, and take our time.
    source = null;
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 60000);
  });
}

// A page nobody looks at takes no connection; it catches up when somebody does.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && source) {
    source.close();
    source = null;
  } else connect();
});
connect();
