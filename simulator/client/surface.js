// A surface is one place that holds blocks: a message, a modal, the Home tab. It remembers what was typed there.
import { doAct } from "./store.js";
import { toast } from "./popover.js";

const key = (block, action) => `${block}|${action}`;

const TEXT = new Set(["plain_text_input", "number_input", "email_text_input", "url_text_input"]);
export const isText = (el) => TEXT.has(el.type);

/** Which field of the state an element fills, and from which initial one. */
const FIELDS = {
  plain_text_input: ["value", "initial_value", null],
  number_input: ["value", "initial_value", null],
  email_text_input: ["value", "initial_value", null],
  url_text_input: ["value", "initial_value", null],
  static_select: ["selected_option", "initial_option", null],
  external_select: ["selected_option", "initial_option", null],
  radio_buttons: ["selected_option", "initial_option", null],
  users_select: ["selected_user", "initial_user", null],
  conversations_select: ["selected_conversation", "initial_conversation", null],
  channels_select: ["selected_channel", "initial_channel", null],
  multi_static_select: ["selected_options", "initial_options", []],
  multi_external_select: ["selected_options", "initial_options", []],
  checkboxes: ["selected_options", "initial_options", []],
  multi_users_select: ["selected_users", "initial_users", []],
  multi_conversations_select: ["selected_conversations", "initial_conversations", []],
  multi_channels_select: ["selected_channels", "initial_channels", []],
  datepicker: ["selected_date", "initial_date", null],
  timepicker: ["selected_time", "initial_time", null],
  datetimepicker: ["selected_date_time", "initial_date_time", null],
  rich_text_input: ["rich_text_value", "initial_value", null],
  file_input: ["files", "initial_files", []],
};
export const fieldOf = (el) => FIELDS[el.type]?.[0];
export const isInput = (el) => Boolean(FIELDS[el.type]);

/** Every element of the blocks that can hold a value, with its block. */
export function* inputsOf(blocks) {
  for (const block of blocks || []) {
    const all = block.type === "input" ? [block.element] : block.type === "section" ? [block.accessory] : block.type === "actions" ? block.elements || [] : [];
    for (const el of all) if (el && isInput(el)) yield [block, el];
  }
}

export class Surface {
  /** `container` is what the acts name; `where` what `type` names. */
  constructor(container, where) {
    this.container = container;
    this.where = where;
    this.local = new Map();
    this.heardOf = new Map();
    this.server = {};
    this.errors = {};
    this.timers = new Map();
    this.busy = 0;
    this.failed = null;
  }

  /** Takes the server's values; forgets what was typed into inputs that are no longer there. */
  take(blocks, values) {
    this.server = values || {};
    const there = new Map();
    for (const [block, el] of inputsOf(blocks)) there.set(key(block.block_id, el.action_id), el);
    for (const [id, had] of [...this.local]) if (there.get(id)?.type !== had.type) this.local.delete(id);
    for (const [id, entry] of [...this.timers]) if (!there.has(id)) {
      clearTimeout(entry.timer);
      this.timers.delete(id);
    }
  }

  get(block, el) {
    const [field, initial, empty] = FIELDS[el.type];
    const mine = this.local.get(key(block.block_id, el.action_id));
    if (mine) return mine[field];
    const theirs = this.server?.[block.block_id]?.[el.action_id];
    if (theirs && theirs[field] !== undefined) return theirs[field];
    return el[initial] ?? empty;
  }
  /**
   * What the node of a block is drawn from, in words. Once something was put into an input here, that counts: the node,
   * with a list that is open in it, must not be made anew because the server heard of it or names another initial value.
   */
  signature(block) {
    const values = [];
    const without = (el) => {
      if (!el || !isInput(el)) return el;
      const id = key(block.block_id, el.action_id);
      if (!this.local.has(id)) this.heardOf.set(id, this.get(block, el));
      values.push(this.heardOf.get(id) ?? null);
      return { ...el, [FIELDS[el.type][1]]: undefined, focus_on_load: undefined };
    };
    const bare = block.type === "input" ? { ...block, element: without(block.element) }
      : block.type === "section" ? { ...block, accessory: without(block.accessory) }
      : block.type === "actions" ? { ...block, elements: (block.elements || []).map(without) }
      : block;
    return JSON.stringify([bare, values]);
  }

  /** The person changed an input. */
  async set(block, el, value, { dispatch = block.type !== "input" || block.dispatch_action === true, extra = {} } = {}) {
    const field = fieldOf(el);
    this.local.set(key(block.block_id, el.action_id), { type: el.type, [field]: value });
    if (isText(el)) return this.type(block, el, value, { dispatch: false });
    await this.flush();
    return this.send("select", block, el, { [field]: value, ...extra, dispatch });
  }

  /** Typed text goes to the server a little later; at once if it is to be dispatched. */
  type(block, el, value, { dispatch, after = 250 }) {
    const id = key(block.block_id, el.action_id);
    const had = this.timers.get(id);
    if (had) clearTimeout(had.timer);
    const wanted = dispatch || had?.dispatch || false;
    const run = () => {
      this.timers.delete(id);
      return doAct("type", { ...this.where, container: this.container, block_id: block.block_id, action_id: el.action_id, element: { type: el.type }, value: value ?? null, dispatch: wanted }).then((answer) => this.heard(answer, wanted));
    };
    if (dispatch && !after) return run();
    this.timers.set(id, { run, dispatch: wanted, timer: setTimeout(run, after) });
    return null;
  }

  /** Sends what is still waiting, so that the app is told the newest values. */
  async flush() {
    const waiting = [...this.timers.values()];
    this.timers.clear();
    for (const entry of waiting) clearTimeout(entry.timer);
    await Promise.all(waiting.map((entry) => entry.run()));
  }

  /** A click or a choice, told to the app. */
  async send(what, block, el, fields) {
    const answer = await doAct(what, { container: this.container, block_id: block.block_id, action_id: el.action_id, element: { type: el.type }, ...fields });
    return this.heard(answer, true);
  }

  heard(answer, loud) {
    if (!answer.ok && loud) toast(troubleWords(answer), { kind: "error" });
    return answer;
  }

  /** The whole state, as a submission carries it. */
  values(blocks) {
    const out = {};
    for (const [block, el] of inputsOf(blocks)) {
      (out[block.block_id] ||= {})[el.action_id] = { type: el.type, [fieldOf(el)]: this.get(block, el) ?? FIELDS[el.type][2] };
    }
    return out;
  }
}

export function troubleWords(answer) {
  if (answer.offline) return "Can't reach the workspace. Check that it is still running.";
  const name = answer.error || "unknown error";
  // The server words it the same in its own notice; the two are shown as one.
  return /\s/.test(name) ? name : `The action failed with the error "${name}"`;
}

const surfaces = new Map();
/** The surface of a message, the same one wherever and however often the message is drawn. */
export function messageSurface(channel, message) {
  const id = `${channel}/${message.ts}`;
  if (!surfaces.has(id)) surfaces.set(id, new Surface({ type: message.ephemeral ? "ephemeral" : "message", channel, ts: message.ts }, { channel, ts: message.ts }));
  return surfaces.get(id);
}
