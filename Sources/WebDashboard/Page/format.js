// Numbers, times and elements. Text from outside only ever becomes a text node.

export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(2)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  return node;
}

export const none = "–";
const group = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const fixed = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((places) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: places, maximumFractionDigits: places }));

// What is not there is no zero.
function isMissing(value) { return value === null || value === undefined || value === ""; }

export function count(value) { return isMissing(value) ? none : group.format(Number(value)); }

export function money(value, places = 2) {
  if (isMissing(value)) return none;
  const text = fixed[places].format(Math.abs(Number(value)));
  return Number(value) < 0 && Number(text) !== 0 ? "−" + text : text;
}

export function signed(value, places = 2) {
  if (isMissing(value)) return none;
  const text = money(value, places);
  return Number(value) > 0 ? "+" + text : text;
}

export function tone(value) {
  if (isMissing(value) || Number(value) === 0) return "";
  return Number(value) > 0 ? "up" : "down";
}

// Decimals as they are, grouped before the point.
export function decimal(value) {
  if (isMissing(value)) return none;
  const [whole, fraction] = String(value).replace("-", "").split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction ? "." + fraction : "");
  return String(value).startsWith("-") ? "−" + text : text;
}

export function percent(value, places = 0) { return isMissing(value) ? none : fixed[places].format(Number(value)) + " %"; }
export function ratio(value) { return isMissing(value) ? none : percent(value * 100); }

export function bytes(value) {
  if (isMissing(value)) return none;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let number = Number(value), unit = 0;
  while (number >= 1024 && unit < 4) { number /= 1024; unit += 1; }
  return (unit === 0 ? group.format(number) : fixed[1].format(number)) + " " + units[unit];
}

export function rate(value) {
  if (isMissing(value)) return none;
  const number = Number(value);
  if (number >= 1e6) return fixed[1].format(number / 1e6) + " M/s";
  if (number >= 1e4) return fixed[1].format(number / 1e3) + " k/s";
  return fixed[number >= 100 || number === 0 ? 0 : 1].format(number) + "/s";
}

export function duration(milliseconds) {
  if (isMissing(milliseconds) || Number.isNaN(milliseconds)) return none;
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 10) return fixed[1].format(seconds) + " s";
  if (seconds < 100) return Math.floor(seconds) + " s";
  const minutes = seconds / 60;
  if (minutes < 100) return Math.floor(minutes) + " min";
  const hours = minutes / 60;
  return hours < 48 ? Math.floor(hours) + " h" : Math.floor(hours / 24) + " d";
}

// Dates by this machine's time zone; the exact UTC text is in the title.
export function clock(text) {
  if (isMissing(text)) return none;
  const time = new Date(text), now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  const day = time.toDateString() === now.toDateString() ? ""
    : `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} `;
  return `${day}${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

export function timeCell(text) { return el("time", { datetime: text || "", title: text || "" }, clock(text)); }

const marks = {
  running: ["●", "ok"], paused: ["‖", "warn"], starting: ["▸", "dim"], stopping: ["▾", "dim"], stopped: ["■", "dim"],
  active: ["○", "dim"], backoff: ["↻", "warn"], error: ["✕", "bad"], stuck: ["✕", "bad"], unmanaged: ["◐", "warn"],
  pending: ["○", "dim"], accepted: ["▸", "dim"], executed: ["✓", "ok"], failed: ["✕", "bad"], superseded: ["↷", "dim"],
  expired: ["⌛", "warn"], completed: ["✓", "ok"], ok: ["●", "ok"], late: ["!", "warn"], stalled: ["✕", "bad"],
  feed_stale: ["!", "warn"], filled: ["✓", "ok"], triggered: ["▸", "ok"], held: ["‖", "dim"], rejected: ["✕", "bad"], quiet: ["·", "dim"],
  halted: ["✕", "bad"], reducing: ["!", "warn"], open: ["!", "bad"], cleared: ["✓", "ok"], delivered: ["✓", "ok"],
  waiting: ["▸", "warn"], none: ["·", "dim"],
  stale: ["!", "warn"], disconnected: ["✕", "bad"], denied: ["✕", "bad"],
};

// A word with a sign, so that colour is never all there is.
export function state(word, wanted) {
  if (isMissing(word)) return el("span", { class: "dim" }, none);
  const [mark, tone] = marks[word] || ["·", "dim"];
  const text = word.replaceAll("_", " ");
  const goal = { active: "stopped", backoff: "running", unmanaged: "running", starting: "running" }[word] || word;
  const differs = wanted && wanted !== goal && !["error", "stuck"].includes(word);
  return el("span", { class: `state ${tone}` }, el("i", { "aria-hidden": "true" }, mark), text,
    differs ? el("span", { class: "dim" }, ` → ${wanted}`) : null);
}

export function debounce(wait, body) {
  let timer = null;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(() => { timer = null; body(); }, wait);
  };
}
