// Begins: one person's workspace, or several side by side.
import { closeTopPopover, topDialog } from "./popover.js";
import { h } from "./dom.js";
import { client } from "./client.js";
import { topModal } from "./modal.js";
import { connect, firstRoute, readAll, readHome, readModals, readState, store, appChannel } from "./store.js";
import { startBar, startSplit, peopleInAddress, useTheme } from "./bar.js";
import { jump } from "./sidebar.js";
import { getState } from "./api.js";

function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      if (closeTopPopover()) return;
      if (topDialog()) return topDialog().close();
      topModal()?.leave(false);
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.shiftKey && store.state && !topModal()) {
      event.preventDefault();
      jump();
    }
  });
}

function trouble(error) {
  const root = document.getElementById("root");
  root.replaceChildren(h("div", { class: "trouble", role: "alert" }, h("h1", {}, "The workspace does not answer"), h("p", {}, String(error.message || error)), h("button", { type: "button", class: "button medium primary", on: { click: () => location.reload() } }, "Try again")));
}

/** Who is shown when the address names nobody: the one looked at last, else the first person there is. */
async function somebody() {
  const state = await getState(undefined).catch(() => getState(""));
  const people = (state.people || []).filter((p) => !p.is_bot && !p.deleted && p.id !== "USLACKBOT");
  const last = localStorage.getItem("simulator:as");
  return (people.find((p) => p.id === last) || people[0])?.id;
}

async function start() {
  useTheme();
  const root = document.getElementById("root");
  const pane = new URLSearchParams(location.search).has("pane");
  let who = peopleInAddress();
  if (!who.length) {
    const id = await somebody();
    if (!id) throw new Error("There is nobody in this workspace yet.");
    who = [id];
    history.replaceState(null, "", `?as=${encodeURIComponent(id)}${location.hash}`);
  }
  if (who.length > 1) return startSplit(root, who);
  store.as = who[0];
  if (!pane) localStorage.setItem("simulator:as", store.as);
  await readState();
  if (!store.state) throw new Error("Its state could not be read.");
  keys();
  if (!pane) await startBar(root, who);
  document.body.classList.toggle("pane", pane);
  root.append(client());
  firstRoute();
  connect();
  readModals();
  if (appChannel()) readHome();
  addEventListener("focus", () => store.down && readAll());
}

start().catch(trouble);
