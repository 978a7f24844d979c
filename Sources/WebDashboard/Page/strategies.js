// All strategies, one line each.
import { el, state, money, signed, tone, count, ratio, percent, bytes, duration, decimal, none, debounce } from "/format.js";
import { engine, listen, ageOf } from "/live.js";
import { sparkline, makeSparkline } from "/charts.js";
import { ask, canCommand, knows, wordOf } from "/commands.js";
import { alertsPanel, tradingOf } from "/alerts.js";

const order = ["error", "stuck", "backoff", "unmanaged", "starting", "stopping", "running", "paused", "active", "stopped"];
const number = (value) => (value === null || value === undefined ? -Infinity : Number(value));
const text = (content, tone) => ({ content, tone });

function positionText(line) {
  if (!line.positions.length) return none;
  const first = line.positions[0];
  const more = line.positions.length > 1 ? ` +${line.positions.length - 1}` : "";
  return `${decimal(first.quantity)} ${first.symbol}${more}`;
}

// key, heading, class, value to sort by, what is shown
const columns = [
  ["name", "Name", "name", (line) => line.name, (line) => text(line.name)],
  ["status", "Status", "", (line) => order.indexOf(line.status), (line) => line.status + "|" + line.desired_state],
  ["health", "Health", "", (line) => line.health || "", (line) => line.health],
  ["trading", "Trading", "", (line) => tradingOf(line).state, (line) => tradingOf(line).state],
  ["pnl", "PnL", "n", (line) => number(line.pnl), (line) => text(signed(line.pnl), tone(line.pnl))],
  ["realized_pnl", "Realised", "n rank2", (line) => number(line.realized_pnl), (line) => text(signed(line.realized_pnl))],
  ["unrealized_pnl", "Unrealised", "n rank2", (line) => number(line.unrealized_pnl), (line) => text(signed(line.unrealized_pnl))],
  ["spark", "Last minutes", "rank2", null, null],
  ["position", "Position", "n rank2", (line) => number(line.positions_count), (line) => text(positionText(line))],
  ["orders_count", "Orders", "n", (line) => number(line.orders_count), (line) => text(count(line.orders_count))],
  ["success_rate", "Success", "n rank2", (line) => number(line.success_rate), (line) => text(ratio(line.success_rate))],
  ["tick", "Last tick", "n", (line) => number(line.last_tick_at && Date.parse(line.last_tick_at)), (line) => text(line.pid ? duration(ageOf(line.last_tick_at)) : none)],
  ["cpu_percent", "CPU", "n rank2", (line) => number(line.cpu_percent), (line) => text(percent(line.cpu_percent, 1))],
  ["resident_bytes", "Memory", "n rank2", (line) => number(line.resident_bytes), (line) => text(bytes(line.resident_bytes))],
  ["restarts", "Restarts", "n rank2", (line) => line.restarts, (line) => text(count(line.restarts), line.restarts > 0 ? "" : "dim")],
  ["records_dropped", "Dropped", "n rank2", (line) => number(line.records_dropped), (line) => text(count(line.records_dropped), line.records_dropped > 0 ? "warn" : "")],
  ["since", "Since", "n", (line) => number(line.status_since && Date.parse(line.status_since)), (line) => text(duration(ageOf(line.status_since)))],
  ["reason", "Reason", "cut rank2", (line) => line.reason || "", (line) => text(line.reason || "", "dim")],
];

const kept = { sort: "name", isDown: false, filter: "", status: "", selected: new Set() };

class Row {
  constructor(line) {
    this.box = el("input", { type: "checkbox", "aria-label": `Select ${line.name}` });
    this.cells = columns.map(([key, , style]) => el("td", { class: style }));
    this.node = el("tr", { tabindex: "-1" }, canCommand() ? el("td", {}, this.box) : null, this.cells);
    this.node.dataset.id = line.id;
    this.link = el("a", { href: `#/strategy/${encodeURIComponent(line.name)}`, tabindex: "-1" }, line.name);
    this.cells[0].append(this.link);
    this.spark = makeSparkline();
    this.cells[columns.findIndex(([key]) => key === "spark")].append(this.spark);
    this.shown = [];
    this.line = line;
  }

  update(line, withSpark) {
    this.line = line;
    columns.forEach(([key, , style, , show], index) => {
      if (!show) return;
      const value = show(line);
      const mark = value && value.content !== undefined ? `${value.tone || ""}|${value.content}` : value;
      if (this.shown[index] === mark) return;
      this.shown[index] = mark;
      const cell = this.cells[index];
      if (key === "name") {
        this.link.textContent = line.name;
        cell.title = line.name;
      } else if (key === "status") cell.replaceChildren(state(line.status, line.desired_state));
      else if (key === "health") cell.replaceChildren(state(line.health));
      else if (key === "trading") cell.replaceChildren(value === "active" ? el("span", { class: "dim" }, "active") : state(value));
      else {
        cell.textContent = value.content;
        cell.className = `${style} ${value.tone || ""}`;
        if (key === "reason") cell.title = value.content;
      }
    });
    if (withSpark) sparkline(this.spark, engine.sparklines.get(line.id));
  }
}

export function strategiesPage(main) {
  const rows = new Map();
  const body = el("tbody");
  const filter = el("input", { type: "search", placeholder: "Filter by name or class  ( / )", "aria-label": "Filter", value: kept.filter });
  const statuses = el("select", { "aria-label": "Status" }, el("option", { value: "" }, "any status"),
    el("option", { value: "trouble" }, "in trouble"), order.map((word) => el("option", { value: word }, word)));
  statuses.value = kept.status;
  const info = el("span", { class: "dim" });
  const every = el("input", { type: "checkbox", "aria-label": "Select all shown" });
  const headings = new Map();
  const actions = ["start", "stop", "pause", "resume", "restart", "flatten"].map((command) =>
    el("button", { type: "button", disabled: true, onclick: () => ask(command, selected()) }, wordOf(command)));
  const all = [["pause", "Pause all"], ["halt", "Halt all"], ["flatten", "Flatten all"], ["stop", "Stop all"]].filter(([command]) => knows(command))
    .map(([command, label]) => el("button", { type: "button", class: "danger", onclick: () => ask(command, null) }, label));
  const resume = el("button", { type: "button", hidden: !knows("resume_trading"), onclick: () => ask("resume_trading", null) }, "Resume trading");
  all.push(resume);
  const alerts = alertsPanel();
  const empty = el("div", { class: "empty", hidden: true });

  main.replaceChildren(
    el("h1", { class: "skip" }, "Strategies"), alerts.node,
    el("div", { class: "tools" }, filter, statuses, info, el("span", { class: "gap" }),
      canCommand() ? [actions, el("span", { class: "dim bar-mark" }, "│"), all] : el("span", { class: "dim" }, "read-only")),
    el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, canCommand() ? el("th", {}, every) : null, columns.map(([key, heading, style, value]) => {
        const cell = el("th", { class: style.replace("name", "").replace("cut", ""), scope: "col" },
          value ? el("button", { type: "button", onclick: () => sortBy(key) }, heading) : heading);
        headings.set(key, [cell, heading]);
        return cell;
      }))), body), empty));

  function selected() { return [...kept.selected].map((id) => engine.strategies.get(id)).filter(Boolean); }

  function sortBy(key) {
    kept.isDown = kept.sort === key ? !kept.isDown : !["name", "status", "health", "reason"].includes(key);
    kept.sort = key;
    arrange();
  }

  function isShown(line) {
    if (kept.status === "trouble") {
      const isWrong = ["error", "stuck", "backoff", "unmanaged"].includes(line.status) || (line.health && line.health !== "ok") || line.open_alerts_count > 0;
      if (!isWrong) return false;
    } else if (kept.status && line.status !== kept.status) return false;
    const wanted = kept.filter.trim().toLowerCase();
    return !wanted || line.name.toLowerCase().includes(wanted) || line.class_name.toLowerCase().includes(wanted);
  }

  function arrange() {
    const column = columns.find(([key]) => key === kept.sort) || columns[0];
    const value = column[3], direction = kept.isDown ? -1 : 1;
    const shown = [...engine.strategies.values()].filter(isShown).sort((left, right) => {
      const a = value(left), b = value(right);
      return a < b ? -direction : a > b ? direction : left.name < right.name ? -1 : 1;
    });
    const ids = new Set(shown.map((line) => line.id));
    for (const [id, row] of rows) if (!ids.has(id)) { row.node.remove(); rows.delete(id); }
    let before = body.firstChild;
    for (const line of shown) {
      let row = rows.get(line.id);
      if (!row) {
        row = new Row(line);
        row.box.addEventListener("change", () => select(line.id, row.box.checked));
        row.update(line, true);
        rows.set(line.id, row);
      }
      if (row.node === before) before = before.nextSibling;
      else body.insertBefore(row.node, before);
    }
    for (const [key, [cell, heading]] of headings) {
      const isSorted = key === kept.sort;
      cell.setAttribute("aria-sort", isSorted ? (kept.isDown ? "descending" : "ascending") : "none");
      const button = cell.querySelector("button");
      if (button) button.textContent = isSorted ? `${heading} ${kept.isDown ? "↓" : "↑"}` : heading;
    }
    empty.hidden = shown.length > 0;
    empty.textContent = engine.strategies.size ? "No strategy matches." : "No strategies yet: tradewind strategies add NAME --class CLASS";
    info.textContent = shown.length === engine.strategies.size ? `${shown.length} strategies` : `${shown.length} of ${engine.strategies.size}`;
    if (body.firstChild && !body.querySelector('tr[tabindex="0"]')) body.firstChild.tabIndex = 0;
    showSelection();
  }

  function select(id, isSelected) {
    if (isSelected) kept.selected.add(id); else kept.selected.delete(id);
    showSelection();
  }

  function showSelection() {
    for (const id of [...kept.selected]) if (!engine.strategies.has(id)) kept.selected.delete(id);
    for (const [id, row] of rows) {
      const isSelected = kept.selected.has(id);
      row.box.checked = isSelected;
      row.node.setAttribute("aria-selected", isSelected);
    }
    const number = kept.selected.size;
    for (const button of actions) button.disabled = number === 0;
    every.checked = rows.size > 0 && number >= rows.size;
  }

  function focusRow(row) {
    for (const other of body.querySelectorAll('tr[tabindex="0"]')) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
  }

  filter.addEventListener("input", () => { kept.filter = filter.value; arrange(); });
  statuses.addEventListener("change", () => { kept.status = statuses.value; arrange(); });
  every.addEventListener("change", () => {
    for (const id of rows.keys()) if (every.checked) kept.selected.add(id); else kept.selected.delete(id);
    showSelection();
  });
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (!row || event.target !== row) return;
    const moves = { ArrowDown: "nextSibling", j: "nextSibling", ArrowUp: "previousSibling", k: "previousSibling" };
    if (moves[event.key]) { event.preventDefault(); const next = row[moves[event.key]]; if (next) focusRow(next); }
    else if (event.key === "Enter") row.querySelector("a").click();
    else if (event.key === " " || event.key === "x") { event.preventDefault(); select(row.dataset.id, !kept.selected.has(row.dataset.id)); }
  });
  const shortcut = (event) => {
    if (event.key !== "/" || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    filter.focus();
  };
  document.addEventListener("keydown", shortcut);

  // Sorting by what changes all the time would make lines jump; a second between two arrangements is calm enough.
  const later = debounce(1000, arrange);
  const stop = listen((names) => {
    if (names.has("all") || names.has("removed") || names.has("session")) arrange();
    let isNew = false;
    for (const [id, line] of engine.strategies) {
      const row = rows.get(id);
      if (!row) isNew = true;
      else if (row.line !== line || names.has("sparklines")) row.update(line, names.has("sparklines"));
    }
    if (isNew || names.has("strategies")) later();
    if (names.has("alerts") || names.has("all")) alerts.show();
  });
  // Ages, and what all strategies may trade, go on although nothing happens to a line.
  const clock = setInterval(() => { for (const row of rows.values()) row.update(row.line, false); }, 1000);
  arrange();
  return () => { stop(); clearInterval(clock); document.removeEventListener("keydown", shortcut); };
}
