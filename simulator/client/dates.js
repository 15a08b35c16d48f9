// Date and time pickers.
import { h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { popover } from "./popover.js";
import { dateWords, dayKey, monthWords, parseDate, parseTime, timeKey, timeWords, today, toUnix } from "./time.js";

const iso = (y, m, d) => new Date(Date.UTC(y, m - 1, d)).toISOString().slice(0, 10);

function calendar(selected, onPick) {
  const start = selected || today();
  let year = Number(start.slice(0, 4));
  let month = Number(start.slice(5, 7));
  let cursor = start;
  const head = h("div", { class: "calendar-month", "aria-live": "polite" });
  const grid = h("div", { class: "calendar-grid", role: "grid" });
  const step = (by) => {
    const to = new Date(Date.UTC(year, month - 1 + by, 1));
    year = to.getUTCFullYear();
    month = to.getUTCMonth() + 1;
    draw();
  };
  function draw(focus) {
    head.textContent = monthWords(year, month);
    grid.replaceChildren(...["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].map((d) => h("span", { class: "calendar-weekday" }, d)));
    const lead = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    for (let i = 0; i < lead; i++) grid.append(h("span"));
    for (let d = 1; d <= days; d++) {
      const date = iso(year, month, d);
      const node = h("button", { type: "button", class: `calendar-day${date === selected ? " chosen" : ""}${date === today() ? " today" : ""}`, tabindex: date === cursor ? "0" : "-1", "aria-label": dateWords(date), "data-qa": "day", "data-date": date, on: { click: () => onPick(date) } }, String(d));
      grid.append(node);
      if (focus && date === cursor) node.focus();
    }
  }
  grid.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!by) return;
    event.preventDefault();
    cursor = iso(Number(cursor.slice(0, 4)), Number(cursor.slice(5, 7)), Number(cursor.slice(8)) + by);
    year = Number(cursor.slice(0, 4));
    month = Number(cursor.slice(5, 7));
    draw(true);
  });
  draw();
  const arrow = (name, by, label) => h("button", { type: "button", class: "icon-button", "aria-label": label, on: { click: () => step(by) } }, icon(name, 18));
  return h("div", { class: "calendar" }, h("div", { class: "calendar-head" }, arrow("left", -1, "Previous month"), head, arrow("right", 1, "Next month")), grid);
}

function field({ glyph, words, placeholder, label, labelledBy, large, data, disabled, parse, show, onPick, openList }) {
  let pop = null;
  const input = h("input", { type: "text", class: "date-input", autocomplete: "off", "aria-label": labelledBy ? null : label, "aria-labelledby": labelledBy, "aria-haspopup": "dialog", placeholder, value: words, disabled, ...data });
  const box = h("div", { class: `date-field${large ? " large" : ""}` }, icon(glyph, 18), input);
  const done = (value) => {
    pop?.close();
    input.value = show(value);
    onPick(value);
  };
  const open = () => {
    if (pop || disabled) return;
    pop = popover(box, openList(done, input.value), { keepFocus: true, label, onClose: () => { pop = null; } });
  };
  const read = () => {
    const text = input.value.trim();
    if (text === words) return;
    const value = text ? parse(text) : null;
    if (text && value === null) {
      input.value = words;
      return;
    }
    words = show(value);
    done(value);
  };
  box.addEventListener("click", () => {
    input.focus();
    open();
  });
  input.addEventListener("change", read);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      pop?.close();
      read();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      open();
      pop?.box.querySelector('[tabindex="0"], .option.chosen, .option')?.focus();
    } else if (event.key === "Escape" && pop) {
      event.stopPropagation();
      pop.close();
    } else if (event.key === "Tab") pop?.close();
  });
  return box;
}

export function datePicker({ value, placeholder, label, onChange, ...rest }) {
  let now = value || null;
  return field({
    glyph: "calendar", words: dateWords(value), placeholder: placeholder || "Select a date", label: label || "Date", ...rest,
    parse: parseDate, show: (v) => dateWords(v),
    onPick: (v) => { if (v !== now) onChange((now = v)); },
    openList: (done) => calendar(now, done),
  });
}

export function timePicker({ value, placeholder, label, onChange, ...rest }) {
  let now = value || null;
  return field({
    glyph: "clock", words: timeWords(value), placeholder: placeholder || "Select a time", label: label || "Time", ...rest,
    parse: parseTime, show: timeWords,
    onPick: (v) => { if (v !== now) onChange((now = v)); },
    openList: (done) => {
      const list = h("div", { class: "list times", role: "listbox" });
      for (let m = 0; m < 1440; m += 30) {
        const v = `${String(Math.floor(m / 60)).padStart(2, "0")}:${String(m % 60).padStart(2, "0")}`;
        list.append(h("div", { class: `option${v === now ? " chosen" : ""}`, role: "option", id: uid("time"), tabindex: "-1", "data-qa": "option", "data-value": v, on: {
          mousedown: (e) => e.preventDefault(),
          click: () => done(v),
          keydown: (e) => {
            if (e.key === "Enter") done(v);
            const to = e.key === "ArrowDown" ? e.currentTarget.nextSibling : e.key === "ArrowUp" ? e.currentTarget.previousSibling : null;
            if (to) { e.preventDefault(); to.focus(); }
          },
        } }, timeWords(v)));
      }
      setTimeout(() => (list.querySelector(".chosen") || list.children[18])?.scrollIntoView({ block: "center" }));
      return list;
    },
  });
}

export function dateTimePicker({ value, label, data, onChange, ...rest }) {
  let date = value ? dayKey(value * 1000) : null;
  let time = value ? timeKey(value * 1000) : null;
  const changed = () => {
    if (date && time) onChange(toUnix(date, time));
    else if (!date && !time) onChange(null);
  };
  return h("div", { class: "date-time" },
    datePicker({ value: date, label: `${label || "Date and time"}: date`, data: { ...data, "data-qa-part": "date" }, ...rest, onChange: (v) => { date = v; changed(); } }),
    timePicker({ value: time, label: `${label || "Date and time"}: time`, data: { ...data, "data-qa-part": "time" }, ...rest, onChange: (v) => { time = v; changed(); } }));
}
