// People, channels and groups as they are named in text, and where their links lead.
import { h } from "./dom.js";
import { store, person, channel, goTo, appChannel } from "./store.js";
import { showPerson } from "./person.js";

export function personChip(id, label) {
  const who = person(id);
  const name = who ? who.display : label || id;
  return h("button", { type: "button", class: `mention${id === store.as ? " me" : ""}`, "data-qa": "mention", "data-user": id, on: { click: (event) => { event.stopPropagation(); showPerson(event.currentTarget, id); } } }, `@${name}`);
}

export function channelChip(id, label) {
  const room = channel(id);
  const name = room ? room.name : label || id;
  return h("button", { type: "button", class: "mention channel", on: { click: () => room && goTo({ channel: id }) } }, room ? `#${name}` : label ? `#${label}` : "#private-channel");
}

export function groupChip(id, label) {
  const group = (store.state?.usergroups || []).find((g) => g.id === id);
  const name = group ? group.handle || group.name : (label || id).replace(/^@/, "");
  return h("span", { class: "mention", title: group?.name }, `@${name}`);
}

/** Links into the workspace open here; all others in a tab of their own. */
export function openLink(event, url) {
  const message = /\/archives\/([CDG][A-Z0-9]+)(?:\/p(\d{10})(\d{6}))?/.exec(url);
  if (message && channel(message[1])) {
    event.preventDefault();
    const thread = /[?&]thread_ts=([\d.]+)/.exec(url)?.[1] || null;
    const ts = message[2] ? `${message[2]}.${message[3]}` : null;
    goTo({ channel: message[1], tab: "messages", thread: thread && thread !== ts ? thread : null, at: ts });
    return;
  }
  if (/^slack:/i.test(url)) {
    event.preventDefault();
    const args = new URLSearchParams(url.split("?")[1] || "");
    const app = appChannel();
    if (/^slack:\/\/app/i.test(url) && app) goTo({ channel: app.id, tab: args.get("tab") || "home" });
    else if (args.get("id") && channel(args.get("id"))) goTo({ channel: args.get("id") });
  }
}
