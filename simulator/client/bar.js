// The simulator's own bar at the top: who one is, who else is looked at beside, extra buttons, people.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { dialog, popover, toast } from "./popover.js";
import { avatar, badge } from "./person.js";
import { act, getState, press } from "./api.js";
import { store, on } from "./store.js";

const MOST = 5; // a browser keeps six connections to one host, and every column holds one

export const peopleInAddress = () => new URLSearchParams(location.search).getAll("as").flatMap((v) => v.split(",")).map((v) => v.trim()).filter(Boolean);
const addressOf = (people) => `?as=${people.map(encodeURIComponent).join(",")}`;
const go = (people) => { location.href = people.length === 1 ? `${addressOf(people)}${sessionStorage.getItem(`route:${people[0]}`) || ""}` : addressOf(people); };

export function useTheme() {
  const apply = () => { document.documentElement.dataset.theme = localStorage.getItem("simulator:theme") || "light"; };
  apply();
  // Columns are frames of the same origin: they hear of it here.
  addEventListener("storage", (event) => event.key === "simulator:theme" && apply());
  return apply;
}
function toggleTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("simulator:theme", next);
  document.documentElement.dataset.theme = next;
}

const realPeople = (state) => (state?.people || []).filter((p) => !p.is_bot && p.id !== "USLACKBOT").map((p) => ({ ...p, display: p.real_name || p.name }));

/** A list of people one can search; `onPick` gets the id. */
function choosePerson(anchor, state, { title, taken = [], onPick }) {
  const people = realPeople(state).sort((a, b) => Number(Boolean(a.deleted)) - Number(Boolean(b.deleted)));
  let at = 0;
  let hits = [];
  const list = h("div", { class: "who-list", role: "listbox", "aria-label": title });
  const draw = () => {
    const q = input.value.trim().toLowerCase();
    hits = people.filter((p) => !q || `${p.display} ${p.name} ${p.title || ""}`.toLowerCase().includes(q));
    at = Math.min(at, Math.max(0, hits.length - 1));
    list.replaceChildren(...hits.map((p, i) => h("button", { type: "button", tabindex: "-1", class: `who-item${i === at ? " active" : ""}${taken.includes(p.id) ? " taken" : ""}`, role: "option", "aria-selected": String(taken.includes(p.id)), "data-qa": "as-option", "data-user": p.id, "data-name": p.name, on: { mousemove: () => { if (at !== i) { at = i; mark(); } }, click: () => pick(p) } },
      avatar(p, 28), h("span", { class: "who-words" }, h("span", { class: "who-name" }, p.display, badge(p)), p.title && h("span", { class: "who-title" }, p.title)), taken.includes(p.id) && icon("check", 16))));
    if (!hits.length) list.replaceChildren(h("div", { class: "menu-empty" }, "Nobody by that name"));
  };
  const mark = () => [...list.children].forEach((n, i) => { n.classList.toggle("active", i === at); if (i === at) n.scrollIntoView({ block: "nearest" }); });
  const pick = (p) => {
    pop.close();
    onPick(p.id);
  };
  const input = h("input", { class: "who-search", type: "text", placeholder: "Search people by name or title", "aria-label": title, autocomplete: "off", "data-qa": "as-search", on: {
    input: () => { at = 0; draw(); },
    keydown: (event) => {
      if (event.key === "Enter" && hits[at]) pick(hits[at]);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && hits.length) {
        event.preventDefault();
        at = (at + step + hits.length) % hits.length;
        mark();
      }
    },
  } });
  const pop = popover(anchor, h("div", { class: "who" }, h("div", { class: "who-head" }, title), input, list), { label: title });
  draw();
  input.focus();
}

/** The button that says who one is, and changes it. */
function asButton(state, id, others, change) {
  const p = realPeople(state).find((x) => x.id === id) || { id, display: id };
  const node = h("button", { type: "button", class: "bar-as", "aria-haspopup": "listbox", "aria-label": `Viewing as ${p.display}. Change person`, "data-qa": "as", "data-user": id, title: "Change whom you are looking as", on: { click: () => choosePerson(node, state, { title: "View as", taken: [id, ...others], onPick: change }) } },
    avatar(p, 20, { title: false }), h("span", { class: "bar-as-name" }, p.display), p.title && h("span", { class: "bar-as-title" }, p.title), icon("chevron", 14));
  return node;
}

function controlButtons(state) {
  return (state.controls || []).map((c) => {
    const node = h("button", { type: "button", class: "bar-button control", title: c.hint || null, "data-qa": "control", on: { click: async () => {
      node.disabled = true;
      const answer = await press(c);
      node.disabled = false;
      toast(answer.text, { kind: answer.ok ? "good" : "error" });
    } } }, c.label);
    return node;
  });
}

function bar(state, people, middle) {
  const beside = h("button", { type: "button", class: "bar-button", "data-qa": "open-beside", disabled: people.length >= MOST, title: people.length >= MOST ? "No more fit" : "See the workspace as somebody else at the same time", on: { click: () => choosePerson(beside, state, { title: "Open beside", taken: people, onPick: (id) => go([...people, id]) }) } }, icon("plus", 15), h("span", { class: "bar-words" }, people.length > 1 ? "Add a person" : "Open another person beside"));
  return h("div", { class: "bar", role: "banner", "data-qa": "bar" },
    h("span", { class: "bar-mark", title: "This is a simulation; nothing here reaches the real Slack" }, h("span", { class: "bar-dot" }), state.title || "Simulator"),
    middle,
    beside,
    h("span", { class: "bar-space" }),
    controlButtons(state),
    h("button", { type: "button", class: "bar-button", "data-qa": "people", title: "Change titles, deactivate and reactivate people", on: { click: () => peoplePanel(people[0]) } }, icon("people", 15), h("span", { class: "bar-words" }, "People")),
    h("button", { type: "button", class: "bar-button", "aria-label": "Light or dark", title: "Light or dark", "data-qa": "theme", on: { click: toggleTheme } }, icon("moon", 15)));
}

/** The bar above one person's workspace. */
export async function startBar(root, people) {
  const place = h("div", { class: "bar-place" });
  const draw = () => place.replaceChildren(bar(store.state, people, h("span", { class: "bar-who" }, h("span", { class: "bar-label" }, "Viewing as"), asButton(store.state, people[0], [], (id) => go([id])))));
  let stamp = null;
  on("state", () => {
    const now = JSON.stringify([store.state.title, store.state.controls, store.state.people]);
    if (now !== stamp) draw();
    stamp = now;
  });
  draw();
  root.append(place);
}

/** Several people: a column each, every one a page of its own. */
export async function startSplit(root, people) {
  let state = await getState(people[0]);
  const place = h("div", { class: "bar-place" });
  const columns = h("div", { class: "columns", "data-qa": "columns" });
  const heads = new Map();
  const drawBar = () => {
    place.replaceChildren(bar(state, people, null));
    people.forEach((id, i) => heads.get(i).replaceChildren(
      asButton(state, id, people.filter((p) => p !== id), (to) => go(people.map((p, j) => (j === i ? to : p)))),
      h("span", { class: "bar-space" }),
      h("button", { type: "button", class: "bar-button bare", "aria-label": "Only this person", title: "Only this person", on: { click: () => go([id]) } }, icon("expand", 14)),
      h("button", { type: "button", class: "bar-button bare", "aria-label": "Close this column", title: "Close this column", "data-qa": "close-column", on: { click: () => go(people.filter((_, j) => j !== i)) } }, icon("close", 14))));
  };
  people.forEach((id, i) => {
    const head = h("div", { class: "column-head" });
    heads.set(i, head);
    const frame = h("iframe", { class: "column-frame", title: `Workspace as ${id}`, src: `?as=${encodeURIComponent(id)}&pane=1${sessionStorage.getItem(`route:${id}`) || ""}`, "data-qa": "column-frame", "data-user": id });
    columns.append(h("section", { class: "column", "data-qa": "column", "data-user": id }, head, frame));
  });
  root.append(place, columns);
  document.body.classList.add("split");
  document.title = `${people.length} people · ${state.title || state.team?.name || "Simulator"}`;
  drawBar();
  // The columns have streams of their own; the bar only needs to know about people, which is rare.
  let stamp = JSON.stringify([state.controls, state.people, state.title]);
  const look = async () => {
    const next = await getState(people[0]).catch(() => null);
    const now = next && JSON.stringify([next.controls, next.people, next.title]);
    if (!now || now === stamp) return;
    state = next;
    stamp = now;
    drawBar();
  };
  addEventListener("message", (event) => event.origin === location.origin && event.data === "simulator:people" && look());
  store.bar = { look };
}

// --- people ---------------------------------------------------------------------------------------------------

async function peoplePanel(as) {
  const state = await getState(as).catch(() => null);
  if (!state) return toast("The workspace does not answer", { kind: "error" });
  let people = realPeople(state);
  const list = h("div", { class: "people-list" });
  const set = async (p, fields) => {
    const answer = await act(as, "set_user", { user: p.id, ...fields });
    if (!answer.ok) return toast(answer.error || "That did not work", { kind: "error" });
    const next = await getState(as).catch(() => null);
    if (next) people = realPeople(next);
    store.bar?.look();
    draw();
    return true;
  };
  const row = (p) => {
    const title = h("input", { class: "text-input small", value: p.title || "", placeholder: "Title", "aria-label": `Title of ${p.display}`, "data-qa": "person-title", on: {
      change: async () => { if (title.value.trim() !== (p.title || "") && (await set(p, { title: title.value.trim() }))) toast(`${p.display}: title changed`, { kind: "good", ms: 2500 }); },
      keydown: (event) => event.key === "Enter" && title.blur(),
    } });
    return h("div", { class: `people-row${p.deleted ? " off" : ""}`, "data-qa": "person", "data-user": p.id, "data-name": p.name }, avatar(p, 32), h("div", { class: "people-words" }, h("div", { class: "people-name" }, p.display, badge(p)), h("div", { class: "people-handle" }, `@${p.name}`)), title,
      h("button", { type: "button", class: `button small${p.deleted ? "" : " outline-danger"}`, "data-qa": p.deleted ? "reactivate" : "deactivate", on: { click: () => set(p, { deleted: !p.deleted }) } }, p.deleted ? "Reactivate" : "Deactivate"));
  };
  const draw = () => {
    const q = search.value.trim().toLowerCase();
    const hits = people.filter((p) => !q || `${p.display} ${p.name} ${p.title || ""}`.toLowerCase().includes(q));
    list.replaceChildren(...(hits.length ? hits.map(row) : [h("div", { class: "menu-empty" }, "Nobody by that name")]));
  };
  const search = h("input", { class: "text-input small", type: "search", placeholder: "Search people", "aria-label": "Search people", autocomplete: "off", "data-qa": "people-search", on: { input: draw } });
  dialog({ title: "People in this workspace", qa: "people-panel", wide: true, body: [h("p", { class: "soft" }, "These changes are made as an administrator would make them; the app is told."), search, list], buttons: [{ label: "Done" }] });
  draw();
}
