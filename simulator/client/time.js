// Dates as Slack words them, in the time zone of the person looking.

let zone; // undefined = the browser's
let nowShift = 0;

export function setZone(tz) {
  try {
    zone = tz ? new Intl.DateTimeFormat("en-US", { timeZone: tz }).resolvedOptions().timeZone : undefined;
  } catch {
    zone = undefined;
  }
}
/** The simulated clock may run ahead of ours. */
export const setNow = (seconds) => {
  nowShift = seconds ? seconds * 1000 - Date.now() : 0;
};
export const now = () => Date.now() + nowShift;
/** A message from the future means that the simulated clock was moved. */
export const noticeTime = (seconds) => {
  if (seconds * 1000 > now() + 1000) setNow(seconds);
};

const cache = new Map();
function format(options) {
  const id = zone + JSON.stringify(options);
  if (!cache.has(id)) cache.set(id, new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options }));
  return cache.get(id);
}
const fmt = (ms, options) => format(options).format(new Date(ms));

export const clock = (ts) => fmt(ts * 1000, { hour: "numeric", minute: "2-digit" });
export const clockShort = (ts) => clock(ts).replace(/\s?[AP]M$/, "");
export const full = (ts) => `${fmt(ts * 1000, { weekday: "long", month: "long", day: "numeric" })} at ${fmt(ts * 1000, { hour: "numeric", minute: "2-digit", second: "2-digit" })}`;

/** YYYY-MM-DD in the viewer's zone. */
export function dayKey(ms) {
  const p = Object.fromEntries(format({ year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date(ms)).map((x) => [x.type, x.value]));
  return `${p.year}-${p.month}-${p.day}`;
}
export function timeKey(ms) {
  const p = Object.fromEntries(format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(new Date(ms)).map((x) => [x.type, x.value]));
  return `${p.hour}:${p.minute}`;
}
export const today = () => dayKey(now());

function ordinal(day) {
  const teen = day % 100 > 10 && day % 100 < 14;
  return day + (teen ? "th" : { 1: "st", 2: "nd", 3: "rd" }[day % 10] || "th");
}
const DAY = 86400000;
function nearName(ms) {
  const key = dayKey(ms);
  if (key === today()) return "today";
  if (key === dayKey(now() - DAY)) return "yesterday";
  if (key === dayKey(now() + DAY)) return "tomorrow";
  return null;
}
const capital = (word) => word[0].toUpperCase() + word.slice(1);

function longDate(ms, month = "long") {
  const day = Number(dayKey(ms).slice(8));
  const year = dayKey(ms).slice(0, 4) === today().slice(0, 4) ? "" : `, ${dayKey(ms).slice(0, 4)}`;
  return `${fmt(ms, { month })} ${ordinal(day)}${year}`;
}

/** The words on the line between two days. */
export function dayDivider(ts) {
  const near = nearName(ts * 1000);
  if (near) return capital(near);
  return `${fmt(ts * 1000, { weekday: "long" })}, ${longDate(ts * 1000)}`;
}
/** "today at 10:20 AM", "Nov 3rd at 9:00 AM". */
export function when(ts) {
  return `${nearName(ts * 1000) || longDate(ts * 1000, "short")} at ${clock(ts)}`;
}

export function ago(ts) {
  const seconds = now() / 1000 - ts;
  const past = seconds >= 0;
  const n = Math.abs(seconds);
  const [count, unit] = n < 60 ? [Math.round(n), "second"] : n < 3600 ? [Math.round(n / 60), "minute"] : n < 86400 ? [Math.round(n / 3600), "hour"] : [Math.round(n / 86400), "day"];
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return past ? `${words} ago` : `in ${words}`;
}

/** `<!date^seconds^pattern|…>`. */
export function slackDate(ts, pattern) {
  const ms = ts * 1000;
  const pretty = (otherwise) => nearName(ms) || otherwise;
  const year = dayKey(ms).slice(0, 4);
  const words = {
    date_num: () => dayKey(ms),
    date_slash: () => fmt(ms, { month: "2-digit", day: "2-digit", year: "numeric" }),
    date: () => `${fmt(ms, { month: "long" })} ${ordinal(Number(dayKey(ms).slice(8)))}, ${year}`,
    date_short: () => fmt(ms, { month: "short", day: "numeric", year: "numeric" }),
    date_long: () => `${fmt(ms, { weekday: "long" })}, ${fmt(ms, { month: "long" })} ${ordinal(Number(dayKey(ms).slice(8)))}, ${year}`,
    date_long_full: () => fmt(ms, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
    time: () => clock(ts),
    time_secs: () => fmt(ms, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(ts),
    day_divider_pretty: () => pretty(words.date_long()),
  };
  for (const name of ["date", "date_short", "date_long"]) words[`${name}_pretty`] = () => pretty(words[name]());
  const text = pattern.replace(/\{([a-z_]+)\}/g, (whole, name) => (words[name] ? words[name]() : whole));
  // Slack capitalises a pretty day at the start of the text only.
  return /^\{[a-z_]+_pretty\}/.test(pattern) ? capital(text) : text;
}

/** Seconds since 1970 of a wall clock reading in the viewer's zone. */
export function toUnix(date, time) {
  const wanted = Date.parse(`${date}T${time}:00Z`);
  if (Number.isNaN(wanted)) return null;
  let guess = wanted;
  for (let i = 0; i < 3; i++) {
    const shown = Date.parse(`${dayKey(guess)}T${timeKey(guess)}:00Z`);
    if (shown === wanted) break;
    guess += wanted - shown;
  }
  return Math.floor(guess / 1000);
}

const bare = (date, options) => new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...options }).format(new Date(`${date}T00:00:00Z`));
export const dateWords = (date) => (/^\d{4}-\d\d-\d\d$/.test(date || "") ? bare(date, { month: "short", day: "numeric", year: "numeric" }) : "");
export const monthWords = (year, month) => bare(`${year}-${String(month).padStart(2, "0")}-01`, { month: "long", year: "numeric" });
export function timeWords(time) {
  const hit = /^(\d{1,2}):(\d\d)$/.exec(time || "");
  if (!hit) return "";
  const hour = Number(hit[1]);
  return `${hour % 12 || 12}:${hit[2]} ${hour < 12 ? "AM" : "PM"}`;
}
/** Reads "14:05", "2:05 pm", "2pm". */
export function parseTime(text) {
  const hit = /^\s*(\d{1,2})(?::?(\d\d))?\s*([ap])?\.?m?\.?\s*$/i.exec(text);
  if (!hit) return null;
  let hour = Number(hit[1]);
  const minute = Number(hit[2] || 0);
  if (hit[3]) hour = (hour % 12) + (hit[3].toLowerCase() === "p" ? 12 : 0);
  if (hour > 23 || minute > 59) return null;
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}
/** Reads "2025-11-30", "Nov 30, 2025", "11/30/2025". */
export function parseDate(text) {
  const iso = /^\s*(\d{4})-(\d\d)-(\d\d)\s*$/.exec(text);
  if (iso) return Number.isNaN(Date.parse(`${iso[1]}-${iso[2]}-${iso[3]}T00:00:00Z`)) ? null : text.trim();
  const ms = Date.parse(`${text} UTC`);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().slice(0, 10);
}
