// One strategy: what it does, why, and how to steer it.
import { el, state, money, signed, tone, count, ratio, percent, bytes, duration, decimal, clock, timeCell, none, debounce } from "/format.js";
import { engine, listen, ageOf, get, strategyNamed } from "/live.js";
import { Chart } from "/charts.js";
import { ask, canCommand, knows, wordOf } from "/commands.js";
import { alertsPanel, tradingOf } from "/alerts.js";

export function table(headings, rows, emptyText) {
  if (!rows.length) return el("div", { class: "scroll" }, el("div", { class: "empty" }, emptyText || "nothing yet"));
  return el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, headings.map((heading) =>
      el("th", { class: heading.startsWith(">") ? "n" : "", scope: "col" }, heading.replace(">", ""))))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, index) =>
      cell instanceof HTMLTableCellElement ? cell : el("td", { class: headings[index].startsWith(">") ? "n" : "" }, cell)))))));
}

// The limit, and what brings the order to life.
export function priceOf(row) {
  const trigger = row.trigger_price ? `at ${decimal(row.trigger_price)}` : row.trailing_offset ? `trailing ${row.trailing_offset}` : "";
  return [row.price === null ? "" : decimal(row.price), trigger].filter(Boolean).join(" ") || none;
}

export const wrapped = (text) => el("td", { class: "wrap" }, text || "");
export const coloured = (value, places) => el("td", { class: `n ${tone(value)}` }, signed(value, places));

const figures = [
  ["PnL", (line) => [signed(line.pnl), tone(line.pnl)]], ["Realised", (line) => [signed(line.realized_pnl), tone(line.realized_pnl)]],
  ["Unrealised", (line) => [signed(line.unrealized_pnl), tone(line.unrealized_pnl)]], ["Fees", (line) => [money(line.fees)]],
  ["Equity", (line) => [money(line.equity)]], ["Drawdown", (line) => [money(line.drawdown)]],
  ["Orders", (line) => [count(line.orders_count)]], ["Fills", (line) => [count(line.fills_count)]],
  ["Success", (line) => [ratio(line.success_rate)]], ["Events", (line) => [count(line.events_count)]],
  ["Last tick", (line) => [line.pid ? duration(ageOf(line.last_tick_at)) : none]],
  ["CPU", (line) => [percent(line.cpu_percent, 1)]], ["Memory", (line) => [bytes(line.resident_bytes)]],
  ["Process", (line) => [line.pid === null ? none : String(line.pid)]],
  ["Restarts", (line) => [count(line.restarts)]],
  ["Loop lag", (line) => [line.loop_lag_us === null ? none : `${count(line.loop_lag_us)} µs`]],
  ["Missed", (line) => [count(line.ticks_missed), line.ticks_missed > 0 ? "warn" : ""]],
  ["Dropped", (line) => [count(line.records_dropped), line.records_dropped > 0 ? "warn" : ""]],
];

export function strategyPage(main, name) {
  let line = strategyNamed(name), isOpen = true, known = "", lastFills = [], chosenSymbols = [];
  const title = el("h1", {}, name), status = el("span"), health = el("span"), why = el("span", { class: "dim" });
  const values = figures.map(([label]) => [el("dd"), label]);
  const commands = ["start", "stop", "pause", "resume", "restart", "flatten", "halt", "resume_trading"].filter(knows);
  const buttons = commands.map((command) =>
    el("button", { type: "button", class: ["stop", "flatten", "halt"].includes(command) ? "danger" : "", onclick: () => line && ask(command, [line]) }, wordOf(command)));
  const curve = new Chart("PnL over time"), prices = new Chart("Prices", 4), alerts = alertsPanel(name), trading = el("span");
  const boxes = {};
  const box = (key, heading) => { boxes[key] = el("div"); return el("section", {}, el("h2", {}, heading), boxes[key]); };
  const missing = el("div", { class: "empty", hidden: true }, `There is no strategy ${name}.`);
  const lines = el("select", { "aria-label": "Lines of the log" }, [50, 200, 1000].map((n) => el("option", { value: n }, `${n} lines`)));
  boxes.log = el("pre", { class: "log", tabindex: "0", "aria-label": "Log" });
  lines.addEventListener("change", () => loadLog());

  main.replaceChildren(missing,
    el("div", { class: "head" }, title, status, health, trading, why, el("span", { class: "gap" })), alerts.node,
    canCommand() ? el("div", { class: "tools" }, buttons) : null,
    el("div", { class: "figures" }, values.map(([node, label]) => el("dl", {}, el("div", {}, el("dt", {}, label), node)))),
    el("div", { class: "columns" },
      el("section", {}, el("h2", {}, "PnL"), curve.node), el("section", {}, el("h2", {}, "Prices and fills"), prices.node)),
    el("div", { class: "columns" }, box("positions", "Positions"), box("parameters", "Parameters")),
    el("div", { class: "columns" }, box("orders", "Last orders"), box("fills", "Last fills")),
    el("div", { class: "columns" }, box("events", "Status history"), box("commands", "Commands")),
    el("section", {}, el("div", { class: "head" }, el("h2", {}, "Log"), lines), boxes.log),
    box("instances", "Processes"));

  function show() {
    line = strategyNamed(name);
    missing.hidden = line !== null || engine.connection === "connecting";
    if (!line) return;
    status.replaceChildren(state(line.status, line.desired_state));
    health.replaceChildren(line.health ? state(line.health) : "");
    const since = line.status_since ? `since ${clock(line.status_since)}` : "";
    why.textContent = [line.class_name, since, line.reason].filter(Boolean).join(" · ");
    figures.forEach(([, value], index) => {
      const [text, style] = value(line), node = values[index][0];
      if (node.textContent !== text) node.textContent = text;
      node.className = style || "";
    });
    const may = tradingOf(line);
    trading.replaceChildren(...(may.state === "active" ? [] : [state(may.state), el("span", { class: "dim" }, ` ${may.ofAll ? "as all: " : ""}${may.reason || ""}`)]));
    const isUp = ["running", "paused", "starting", "backoff", "unmanaged"].includes(line.status);
    const enabled = { start: !isUp, stop: isUp, pause: line.desired_state === "running", resume: line.desired_state === "paused", restart: true, flatten: line.pid !== null,
      halt: line.trading_state !== "halted", resume_trading: line.trading_state !== "active" };
    buttons.forEach((button, index) => { button.disabled = !enabled[commands[index]]; });
    boxes.positions.replaceChildren(table(["Instrument", ">Quantity", ">Average price"],
      line.positions.map((position) => [position.symbol, decimal(position.quantity), decimal(position.average_price)]), "flat"));
  }

  async function loadCurve() {
    const points = (await get(`/strategies/${encodeURIComponent(name)}/curve?points=600`)).items;
    if (!isOpen) return;
    curve.set([
      { name: "net", points: points.map((point) => [Date.parse(point.time), Number(point.pnl)]) },
      { name: "realised", second: true, points: points.map((point) => [Date.parse(point.time), Number(point.realized_pnl) - Number(point.fees)]) },
    ]);
  }

  async function loadTrading() {
    const query = `?strategy=${encodeURIComponent(name)}`;
    const [orders, fills] = await Promise.all([get(`/orders${query}&limit=50`), get(`/fills${query}&limit=200`)]);
    if (!isOpen) return;
    boxes.orders.replaceChildren(table(["Time", "Instrument", "Side", "Type", ">Quantity", ">Price", ">Filled", "Status"],
      orders.items.slice(0, 20).map((row) => [timeCell(row.created_at), row.symbol, row.side, row.type.replaceAll("_", " "), decimal(row.quantity),
        priceOf(row), decimal(row.filled_quantity),
        el("td", { title: row.reason }, state(row.status), row.reason ? el("span", { class: "dim" }, ` ${row.reason}`) : null)])));
    boxes.fills.replaceChildren(table(["Time", "Instrument", "Side", ">Quantity", ">Price", ">Fee", ">Realised", ">Position"],
      fills.items.slice(0, 20).map((row) => [timeCell(row.time), row.symbol, row.side, decimal(row.quantity), decimal(row.price),
        decimal(row.fee), coloured(Number(row.realized_pnl) === 0 ? null : row.realized_pnl), decimal(row.position_after)])));
    lastFills = [...fills.items].reverse();
    await drawPrices();
  }

  // The market while somebody looks (and of what is recorded, today before that), with the fills in that time.
  async function drawPrices() {
    const symbols = [...new Set([...chosenSymbols, ...lastFills.map((row) => row.symbol)])].slice(0, 3);
    const tracks = await Promise.all(symbols.map((symbol) => get(`/prices/${encodeURIComponent(symbol)}`).catch(() => ({ items: [] }))));
    if (!isOpen) return;
    const series = symbols.map((symbol, index) => ({ name: symbol, second: index > 0,
      points: tracks[index].items.flatMap((point) => (point.low === point.high ? [[Date.parse(point.time), Number(point.last)]]
        : [[Date.parse(point.time), Number(point.low)], [Date.parse(point.time), Number(point.high)], [Date.parse(point.time), Number(point.last)]])) }));
    // Without prices the fills alone say where the market was.
    for (const line of series) if (line.points.length < 2) line.points = lastFills.filter((row) => row.symbol === line.name).map((row) => [Date.parse(row.time), Number(row.price)]);
    const first = Math.min(...series.filter((line) => line.points.length).map((line) => line.points[0][0]));
    prices.set(series, lastFills.filter((row) => symbols.includes(row.symbol) && Date.parse(row.time) >= first).map((row) => ({ time: Date.parse(row.time),
      value: Number(row.price), side: row.side, title: `${row.side} ${row.quantity} ${row.symbol} at ${row.price}, ${row.time}` })));
  }

  async function loadHistory() {
    const query = `?strategy=${encodeURIComponent(name)}`;
    const [events, commands, instances] = await Promise.all([get(`/events${query}&limit=30`), get(`/commands${query}&limit=30`), get(`/instances${query}&limit=10`)]);
    if (!isOpen) return;
    boxes.events.replaceChildren(table(["Time", "Status", "Why"], events.items.map((row) => [timeCell(row.time), state(row.to_status), wrapped(row.reason)])));
    boxes.commands.replaceChildren(table(["Time", "Command", "Status", ">Took", "By", "Note"], commands.items.map((row) => [timeCell(row.created_at),
      row.command, state(row.status), row.ended_at ? `${Date.parse(row.ended_at) - Date.parse(row.created_at)} ms` : none, row.issuer,
      wrapped(row.error || (row.command === "update" ? JSON.stringify(row.parameters) : ""))])));
    boxes.instances.replaceChildren(table([">Epoch", ">Process", "Started", "Ready", "Ended", "Why", "Order log", "Executable"],
      instances.items.map((row) => [String(row.epoch), String(row.pid), timeCell(row.started_at), timeCell(row.ready_at), timeCell(row.ended_at),
        wrapped(row.reason), el("td", { class: "mono" }, row.order_log_hash || none), el("td", { class: "cut", title: row.binary_path }, row.binary_path)])));
  }

  async function loadParameters() {
    const detail = await get(`/strategies/${encodeURIComponent(name)}`);
    if (!isOpen) return;
    chosenSymbols = Array.isArray(detail.config.instruments) ? detail.config.instruments.filter((symbol) => typeof symbol === "string") : [];
    load.prices();
    boxes.parameters.replaceChildren(parameterForm(detail, () => line));
  }

  async function loadLog() {
    const found = await get(`/logs/${encodeURIComponent(name)}?lines=${lines.value}`);
    if (!isOpen) return;
    const isAtEnd = boxes.log.scrollTop + boxes.log.clientHeight >= boxes.log.scrollHeight - 8;
    const text = found.lines.join("\n") || "nothing was printed";
    if (boxes.log.textContent === text) return;
    boxes.log.textContent = text;
    if (isAtEnd) boxes.log.scrollTop = boxes.log.scrollHeight;
  }

  const failed = (key) => (error) => { if (isOpen) boxes[key].replaceChildren(el("div", { class: "empty" }, error.message)); };
  const load = {
    curve: () => loadCurve().catch(() => {}), trading: () => loadTrading().catch(failed("orders")),
    history: () => loadHistory().catch(failed("events")), parameters: () => loadParameters().catch(failed("parameters")),
    log: () => loadLog().catch(() => {}), prices: () => drawPrices().catch(() => {}),
  };
  // What the counters say has changed is read again, at most once a second each.
  const later = { trading: debounce(700, load.trading), history: debounce(400, load.history), parameters: debounce(500, load.parameters) };
  const stop = listen((names) => {
    if (names.has("session") || names.has("all")) known = "";
    show();
    if (names.has("alerts") || names.has("all")) alerts.show();
    if (!line) return;
    const marks = [[line.orders_count, line.fills_count], [line.status, line.epoch, line.reason], [line.config_generation]].map(String);
    const old = known ? known.split("\n") : [];
    known = marks.join("\n");
    if (marks[0] !== old[0]) later.trading();
    if (marks[1] !== old[1] || names.has("commands") || names.has("events")) later.history();
    if (marks[2] !== old[2]) later.parameters();
  });
  const timers = [setInterval(load.curve, 5000), setInterval(load.prices, 3000), setInterval(load.log, 2000), setInterval(show, 1000)];
  show();
  load.curve();
  load.log();
  if (line) { load.trading(); load.history(); load.parameters(); }
  return () => { isOpen = false; stop(); timers.forEach(clearInterval); };
}

function parameterForm(detail, line) {
  if (!detail.parameters) {
    return el("pre", { class: "log" }, JSON.stringify(detail.config, null, 2));
  }
  if (!detail.parameters.length) return el("div", { class: "empty" }, "this class has no parameters");
  const inputs = new Map();
  const form = el("form", { class: "grid panel" });
  for (const parameter of detail.parameters) {
    const value = parameter.value ?? parameter.default;
    const id = `parameter-${parameter.name}`;
    const isEditable = parameter.live && canCommand();
    let input;
    if (parameter.kind === "choice" || parameter.kind === "flag") {
      input = el("select", { id, disabled: !isEditable }, parameter.range.split(", ").map((word) => el("option", { value: word }, word)));
      input.value = value;
    } else {
      const [low, high] = parameter.range.split("...");
      input = el("input", { id, type: "number", value, min: low, max: high, step: parameter.kind === "integer" ? 1 : "any", required: true, disabled: !isEditable });
    }
    inputs.set(parameter.name, [input, parameter, value]);
    const notes = [parameter.help, parameter.range, parameter.value === null ? "default" : `default ${parameter.default}`, parameter.live ? "" : "needs a restart"];
    form.append(el("label", { for: id }, parameter.name), input, el("span", { class: "hint" }, notes.filter(Boolean).join(" · ")));
  }
  const button = el("button", { class: "primary", type: "submit", disabled: true }, "Update");
  const note = el("span", { class: "dim" }, "changes live parameters without a restart");
  const changes = () => Object.fromEntries([...inputs].filter(([, [input, parameter, value]]) => parameter.live && input.value !== value)
    .map(([name, [input, parameter]]) => [name, typed(parameter, input.value)]));
  form.addEventListener("input", () => { button.disabled = Object.keys(changes()).length === 0 || !form.checkValidity(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); if (form.reportValidity()) ask("update", [line()], changes()); });
  if (canCommand() && detail.parameters.some((parameter) => parameter.live)) form.append(el("div", { class: "row" }, button, note));
  return form;
}

// Exact decimals stay text; the rest becomes what the class expects.
function typed(parameter, text) {
  if (parameter.kind === "integer" || parameter.kind === "number") return Number(text);
  return parameter.kind === "flag" ? text === "true" : text;
}
