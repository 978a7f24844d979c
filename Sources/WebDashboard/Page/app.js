// The frame of the page: who may see it, where one is, how the engine is.
import { el, signed, tone, count, rate, duration } from "/format.js";
import { engine, session, listen, connect, disconnect, openSession } from "/live.js";
import { strategiesPage } from "/strategies.js";
import { strategyPage } from "/strategy.js";
import { listPage, listNames, feedsPage, backtestsPage, backtestPage, comparePage } from "/lists.js";

const main = document.getElementById("main"), nav = document.getElementById("nav");
const sections = [["", "Strategies"], ["orders", "Orders"], ["fills", "Fills"], ["positions", "Positions"], ["feeds", "Feeds & bus"],
  ["commands", "Commands"], ["events", "Events"], ["alerts", "Alerts"], ["backtests", "Backtests"], ["instruments", "Instruments"]];
let leave = null;

function route() {
  if (leave) leave();
  leave = null;
  if (!session.authorized) return;
  const [section, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
  const titles = { strategy: rest[0], backtest: "Backtest", compare: "Compare" };
  const title = titles[section] || (sections.find(([key]) => key === section) || ["", "Strategies"])[1];
  document.title = `${title} – Tradewind`;
  const current = { strategy: "", backtest: "backtests", compare: "backtests" }[section] ?? section;
  nav.replaceChildren(...sections.map(([key, label]) => el("a", { href: `#/${key}`, "data-section": key, "aria-current": key === current ? "page" : null }, label)));
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (section === "strategy" && rest[0]) leave = strategyPage(main, rest[0]);
  else if (listNames.includes(section)) leave = listPage(main, section);
  else if (section === "feeds") leave = feedsPage(main);
  else if (section === "backtests") leave = backtestsPage(main);
  else if (section === "backtest" && rest[0]) leave = backtestPage(main, rest[0]);
  else if (section === "compare" && rest.length > 1) leave = comparePage(main, rest);
  else leave = strategiesPage(main);
  window.scrollTo(0, 0);
}

function decode(part) { try { return decodeURIComponent(part); } catch { return part; } }

function showEngine() {
  const live = document.getElementById("live"), notice = document.getElementById("notice"), summary = document.getElementById("summary");
  const text = { live: "● live", connecting: "○ connecting", reconnecting: "○ reconnecting" }[engine.connection];
  if (live.textContent !== text) live.textContent = text;
  const info = engine.info;
  const problems = [];
  if (engine.connection === "reconnecting") problems.push("The web server does not answer; what is shown is what was known last.");
  if (info && info.database_problem) problems.push(`The database cannot be read: ${info.database_problem}. What is shown of it is from before.`);
  if (info && info.manager_pid === null) problems.push("No manager runs: strategies that run go on, commands wait. Start it with: tradewind run");
  else if (info && !info.bus_connected && engine.connection === "live") problems.push("The bus does not answer.");
  if (info && info.trading_state !== "active") problems.push(`Trading is ${info.trading_state} for all strategies${info.trading_reason ? `: ${info.trading_reason}` : ""}.`);
  notice.hidden = problems.length === 0;
  if (notice.textContent !== problems.join(" ")) notice.textContent = problems.join(" ");
  if (!info) return;
  const counts = new Map();
  for (const line of engine.strategies.values()) counts.set(line.status, (counts.get(line.status) || 0) + 1);
  const parts = [["PnL", el("b", { class: tone(info.pnl) }, signed(info.pnl))]];
  for (const word of ["running", "paused", "starting", "stopping", "backoff", "error", "stuck", "unmanaged", "stopped", "active"]) {
    if (counts.has(word)) parts.push([word, el("b", { class: ["error", "stuck"].includes(word) ? "bad" : "" }, count(counts.get(word)))]);
  }
  if (info.open_alerts_count) parts.push([el("a", { href: "#/alerts" }, "open alerts"), el("b", { class: "bad" }, count(info.open_alerts_count))]);
  if (info.waiting_deliveries_count) parts.push(["alerts to be told", el("b", {}, count(info.waiting_deliveries_count))]);
  if (info.open_commands_count) parts.push(["open commands", el("b", {}, count(info.open_commands_count))]);
  if (engine.bus) {
    parts.push(["ticks", el("b", {}, rate(engine.bus.records_in_per_second))]);
    if (engine.bus.records_dropped_per_second > 0) parts.push(["dropping", el("b", { class: "bad" }, rate(engine.bus.records_dropped_per_second))]);
  }
  if (info.manager_started_at) parts.push(["manager up", el("b", {}, duration(Date.now() + engine.offset - Date.parse(info.manager_started_at)))]);
  summary.replaceChildren(...parts.map(([label, value]) => el("span", {}, label, " ", value)));
}

function login(message) {
  disconnect();
  if (leave) leave();
  leave = null;
  nav.replaceChildren();
  const input = el("input", { type: "password", autocomplete: "current-password", "aria-label": "Token", required: true, autofocus: true });
  const note = el("p", { class: "bad", role: "alert" }, message || "");
  const form = el("form", { class: "login panel" }, el("h1", {}, "Tradewind"),
    el("p", { class: "dim" }, "The token was printed when the server first started; it is in the file web.token of the home."),
    input, note, el("button", { class: "primary", type: "submit" }, "Open"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try { await openSession(input.value.trim()); begin(); } catch (error) { note.textContent = error.message; }
  });
  main.replaceChildren(form);
  input.focus();
}

function begin() { connect(); route(); }

// MARK: - Theme

const themes = { auto: "◐", light: "☀", dark: "☾" };
const themeButton = document.getElementById("theme");
function setTheme(word) {
  if (word === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = word;
  themeButton.textContent = `${themes[word]} ${word}`;
  try { localStorage.setItem("theme", word); } catch { /* a browser that keeps nothing */ }
}
let theme = "auto";
try { theme = localStorage.getItem("theme") || "auto"; } catch { /* as above */ }
if (!themes[theme]) theme = "auto";
setTheme(theme);
themeButton.addEventListener("click", () => {
  const words = Object.keys(themes);
  theme = words[(words.indexOf(theme) + 1) % words.length];
  setTheme(theme);
});

// MARK: - Start

listen((names) => {
  if (names.has("session") && !session.authorized) login();
  showEngine();
});
setInterval(showEngine, 1000);
window.addEventListener("hashchange", () => { if (!location.hash.startsWith("#token=")) route(); });

async function start() {
  const token = location.hash.startsWith("#token=") ? location.hash.slice(7) : null;
  // The token must not stay in the history.
  if (token !== null) history.replaceState(null, "", location.pathname + "#/");
  try {
    if (token && await openSession(token)) return begin();
  } catch (error) { return login(error.message); }
  if (await openSession()) begin(); else login();
}
start();

