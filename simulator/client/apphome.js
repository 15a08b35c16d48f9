// The app's own conversation has tabs: Home, Messages, About.
import { h } from "./dom.js";
import { appIcon } from "./person.js";
import { drawBlocks } from "./blocks.js";
import { Surface } from "./surface.js";
import { doAct, on, readHome, store } from "./store.js";

export function homeTab() {
  const blocks = h("div", { class: "blocks home-blocks" });
  const empty = h("div", { class: "home-empty", hidden: true });
  const node = h("div", { class: "home-tab scroller", "data-qa": "home", role: "tabpanel", "aria-label": "Home", tabindex: "-1" }, h("div", { class: "home-inner" }, empty, blocks));
  let surface = null;
  let waited = false;

  function draw() {
    const view = store.home;
    if (view && (!surface || surface.container.view_id !== view.id)) surface = new Surface({ type: "home", view_id: view.id }, { home: true, view_id: view.id });
    empty.hidden = Boolean(view);
    blocks.hidden = !view;
    if (view) {
      surface.take(view.blocks, view.state?.values);
      surface.errors = view.errors || {};
      drawBlocks(blocks, view.blocks, surface);
      return;
    }
    empty.replaceChildren(...(waited || store.home === null ? [appIcon(store.state.app, 64), h("h2", {}, "This is a work in progress"), h("p", {}, `${store.state.app?.name || "The app"} has not published a Home for you yet.`)] : [h("span", { class: "spinner" })]));
  }
  on(["home", "state"], () => node.isConnected && draw());

  return {
    node,
    /** The person came to the tab: the app is told, and usually answers by publishing a view. */
    async open() {
      draw();
      await Promise.all([readHome(), doAct("open_home", {})]);
      await readHome();
      setTimeout(() => { waited = true; draw(); }, 1500);
      draw();
    },
    draw,
  };
}

export function aboutTab() {
  const app = store.state.app || {};
  const manifest = store.state.manifest || {};
  const commands = manifest.commands || [];
  const shortcuts = manifest.shortcuts || [];
  return h("div", { class: "scroller about-tab", "data-qa": "about", role: "tabpanel", "aria-label": "About" }, h("div", { class: "about-inner" },
    h("div", { class: "about-head" }, appIcon(app, 72), h("div", {}, h("h2", {}, app.name, h("span", { class: "app-badge" }, "APP")), app.description && h("p", {}, app.description))),
    commands.length ? h("section", {}, h("h3", {}, "Slash commands"), commands.map((c) => h("div", { class: "about-row" }, h("div", {}, h("code", {}, c.command), c.usage_hint && h("span", { class: "soft" }, ` ${c.usage_hint}`)), c.description && h("div", { class: "soft" }, c.description)))) : null,
    shortcuts.length ? h("section", {}, h("h3", {}, "Shortcuts"), shortcuts.map((s) => h("div", { class: "about-row" }, h("div", {}, h("strong", {}, s.name), h("span", { class: "soft" }, s.type === "message" || s.type === "message_action" ? "  on a message" : "  anywhere")), s.description && h("div", { class: "soft" }, s.description)))) : null,
    h("section", {}, h("h3", {}, "Details"), h("div", { class: "about-row" }, h("span", { class: "soft" }, "App ID "), app.id))));
}
