// Pages that are lists: orders, fills, positions, events, commands, feeds and bus, backtests, instruments.
import { el, state, money, signed, tone, count, ratio, percent, bytes, duration, rate, decimal, timeCell, none, debounce } from "/format.js";
import { engine, listen, get, ageOf } from "/live.js";
import { Chart } from "/charts.js";
import { table, wrapped, coloured, priceOf } from "/strategy.js";
import { rulesSection } from "/alerts.js";

const strategyLink = (name) => (name ? el("a", { href: `#/strategy/${encodeURIComponent(name)}` }, name) : el("span", { class: "dim" }, "all"));

const lists = {
  orders: {
    heading: "Orders", filters: ["strategy", "symbol", ["status", ["accepted", "triggered", "held", "partially_filled", "filled", "canceled", "denied", "rejected", "expired"]], ["side", ["buy", "sell"]]],
    changes: (line) => line.orders_count,
    headings: ["Time", "Strategy", "Order", "Instrument", "Side", "Type", "In force", ">Quantity", ">Price", ">Filled", "Status", "Reason"],
    row: (row) => [timeCell(row.created_at), strategyLink(row.strategy), el("td", { class: "mono" }, row.id), row.symbol, row.side, row.type, row.time_in_force,
      decimal(row.quantity), priceOf(row), decimal(row.filled_quantity), state(row.status), wrapped(row.reason)],
  },
  fills: {
    heading: "Fills", filters: ["strategy", "symbol", ["side", ["buy", "sell"]]], changes: (line) => line.fills_count,
    headings: ["Time", "Strategy", "Order", "Instrument", "Side", ">Quantity", ">Price", ">Fee", ">Realised", ">Position after", "Liquidity"],
    row: (row) => [timeCell(row.time), strategyLink(row.strategy), el("td", { class: "mono" }, row.order_id), row.symbol, row.side, decimal(row.quantity),
      decimal(row.price), decimal(row.fee), coloured(Number(row.realized_pnl) === 0 ? null : row.realized_pnl), decimal(row.position_after), row.liquidity],
  },
  positions: {
    heading: "Positions", filters: ["strategy", "symbol"], changes: (line) => line.fills_count,
    headings: ["Strategy", "Instrument", ">Quantity", ">Average price", ">Realised", ">Fees", "Currency", "Since"],
    row: (row) => [strategyLink(row.strategy), row.symbol, Number(row.quantity) === 0 ? el("td", { class: "n dim" }, "flat") : decimal(row.quantity),
      decimal(row.average_price), coloured(row.realized_pnl), money(row.fees), row.currency || "", timeCell(row.updated_at)],
  },
  events: {
    heading: "Status history", filters: ["strategy"], live: "events",
    headings: ["Time", "Strategy", "From", "To", ">Epoch", "Why"],
    row: (row) => [timeCell(row.time), strategyLink(row.strategy), state(row.from_status), state(row.to_status), row.epoch === null ? none : String(row.epoch), wrapped(row.reason)],
  },
  commands: {
    heading: "Commands", live: "commands",
    filters: ["strategy", ["status", ["pending", "accepted", "executed", "failed", "superseded", "expired"]]],
    headings: ["Time", "Strategy", "Command", "Parameters", "Status", ">Took", "By", "Error"],
    row: (row) => [timeCell(row.created_at), strategyLink(row.strategy), row.command,
      el("td", { class: "mono cut" }, Object.keys(row.parameters).length ? JSON.stringify(row.parameters) : ""), state(row.status),
      row.ended_at ? `${Date.parse(row.ended_at) - Date.parse(row.created_at)} ms` : none, row.issuer, wrapped(row.error)],
  },
  alerts: {
    heading: "Alerts", live: "alerts", below: rulesSection,
    filters: ["strategy", "rule", ["state", ["open", "cleared"]], ["kind", ["error", "stalled", "drawdown", "drawdown_percent", "stale_feed", "disk", "drops"]]],
    headings: ["Fired", "Rule", "Of", "State", "Since", "Cleared", "What", "Told", ">Attempts"],
    row: (row) => [timeCell(row.fired_at), el("td", { class: "name" }, row.rule), row.strategy_id ? strategyLink(row.subject) : row.subject, state(row.state), timeCell(row.opened_at),
      timeCell(row.cleared_at), wrapped(row.message + (row.cleared_reason ? `; ${row.cleared_reason}` : "")),
      el("td", { title: row.last_error || "" }, state(row.delivery), row.last_error ? el("span", { class: "dim" }, ` ${row.last_error}`) : null), String(row.attempts)],
  },
  instruments: {
    heading: "Instruments", filters: ["category"],
    headings: ["Symbol", "Category", ">Token", ">Price step", ">Quantity step", ">Multiplier", "Currency"],
    row: (row) => [row.symbol, row.category, String(row.token), decimal(row.price_increment), decimal(row.quantity_increment), decimal(row.multiplier), row.currency],
  },
};

export const listNames = Object.keys(lists);

export function listPage(main, name) {
  const list = lists[name];
  const inputs = list.filters.map((filter) => {
    const [key, words] = Array.isArray(filter) ? filter : [filter, null];
    const input = words ? el("select", { "aria-label": key }, el("option", { value: "" }, `any ${key}`), words.map((word) => el("option", { value: word }, word.replaceAll("_", " "))))
      : el("input", { type: "search", placeholder: key, "aria-label": key, list: key === "strategy" ? "strategy-names" : null });
    return [key, input];
  });
  const names = el("datalist", { id: "strategy-names" }, [...engine.strategies.values()].map((line) => el("option", { value: line.name })));
  const box = el("div"), note = el("span", { class: "dim" });
  const more = el("button", { type: "button", hidden: true }, "More");
  let pages = 1, isOpen = true, generation = 0;

  main.replaceChildren(el("div", { class: "head" }, el("h1", {}, list.heading), note), names,
    el("div", { class: "tools" }, inputs.map(([, input]) => input)), box, el("div", { class: "tools" }, more), list.below ? list.below(table, wrapped) : null);

  async function load() {
    const mine = ++generation;
    const query = inputs.filter(([, input]) => input.value).map(([key, input]) => `&${key}=${encodeURIComponent(input.value)}`).join("");
    try {
      const rows = [];
      let cursor = "";
      for (let page = 0; page < pages; page += 1) {
        const found = await get(`/${name}?limit=100${query}${cursor}`);
        rows.push(...found.items);
        cursor = found.next_cursor ? `&cursor=${encodeURIComponent(found.next_cursor)}` : "";
        if (!cursor) break;
      }
      if (!isOpen || mine !== generation) return;
      box.replaceChildren(table(list.headings, rows.map(list.row)));
      more.hidden = !cursor;
      note.textContent = cursor ? `the newest ${rows.length}` : `${rows.length}`;
    } catch (error) {
      if (isOpen && mine === generation) box.replaceChildren(el("div", { class: "empty" }, error.message));
    }
  }

  const typing = debounce(250, load);
  for (const [, input] of inputs) input.addEventListener("input", () => { pages = 1; typing(); });
  more.addEventListener("click", () => { pages += 1; load(); });
  const later = debounce(600, load);
  let mark = "";
  const stop = listen((names) => {
    if (names.has("all") || (list.live && names.has(list.live))) return later();
    if (!list.changes || !names.has("strategies")) return;
    const now = [...engine.strategies.values()].map(list.changes).join();
    if (now !== mark) { mark = now; later(); }
  });
  load();
  return () => { isOpen = false; stop(); };
}

export function feedsPage(main) {
  const feeds = el("div"), bus = el("div"), processes = el("div"), connections = el("div");
  main.replaceChildren(el("h1", {}, "Feeds and bus"), el("section", {}, el("h2", {}, "Feeds"), feeds), el("section", {}, el("h2", {}, "Bus"), bus),
    el("section", {}, el("h2", {}, "Processes"), processes), el("section", {}, el("h2", {}, "Connections of the bus"), connections));
  let isOpen = true;

  function show() {
    feeds.replaceChildren(table(["Feed", "Kind", "Status", "Health", ">Rate", ">Records", ">Last record", ">CPU", ">Memory", "Note"],
      engine.feeds.map((feed) => [el("td", { class: "name" }, feed.name), feed.kind, feed.enabled ? state(feed.status) : el("span", { class: "dim" }, "disabled"), state(feed.health),
        rate(feed.records_per_second), count(feed.records), duration(ageOf(feed.last_record_at)), percent(feed.cpu_percent, 1), bytes(feed.resident_bytes),
        wrapped([feed.stale_symbols.length ? `no data of ${feed.stale_symbols.join(", ")}` : "", feed.detail, feed.reason && !feed.reason.includes(feed.detail || "\n") ? feed.reason : ""].filter(Boolean).join("; "))]),
      "no feeds: tradewind feeds add NAME --kind KIND"));
    const now = engine.bus;
    bus.replaceChildren(now ? el("div", { class: "figures" }, [
      ["Records in", rate(now.records_in_per_second)], ["Delivered", rate(now.record_deliveries_per_second)], ["Dropped", rate(now.records_dropped_per_second), now.records_dropped_per_second > 0 ? "bad" : ""],
      ["Dropped in all", count(now.records_dropped), now.records_dropped > 0 ? "warn" : ""], ["Queued", bytes(now.queue_bytes)], ["Connections", count(now.connections)],
      ["Records in all", count(now.records_in)], ["Messages in", count(now.messages_in)], ["Up", duration(now.uptime_ms)],
    ].map(([label, value, style]) => el("dl", {}, el("div", {}, el("dt", {}, label), el("dd", { class: style || "" }, value))))) : el("div", { class: "panel dim" }, "The bus does not answer."));
    processes.replaceChildren(table(["Role", "Name", "Status", ">Process", ">CPU", ">Memory", "Note"],
      engine.processes.map((row) => [row.role, row.name, state(row.status), row.pid === null ? none : String(row.pid), percent(row.cpu_percent, 1), bytes(row.resident_bytes), wrapped(row.reason)])));
  }

  async function loadConnections() {
    if (!engine.bus) { connections.replaceChildren(el("div", { class: "panel dim" }, "The bus does not answer.")); return; }
    try {
      const found = (await get("/bus/connections")).items;
      if (!isOpen) return;
      const shown = [...found].sort((a, b) => b.records_dropped - a.records_dropped || b.queue_bytes - a.queue_bytes).slice(0, 100);
      connections.replaceChildren(table(["Role", "Who", ">Process", ">Patterns", ">Records in", ">Records out", ">Messages out", ">Dropped", ">Queued"],
        shown.map((row) => [row.role || "-", nameOf(row.identity), String(row.pid), count(row.patterns), count(row.records_in), count(row.records_out), count(row.messages_out),
          el("td", { class: row.records_dropped > 0 ? "n warn" : "n" }, count(row.records_dropped)), bytes(row.queue_bytes)])));
    } catch (error) { if (isOpen) connections.replaceChildren(el("div", { class: "panel dim" }, error.message)); }
  }

  const nameOf = (identity) => engine.strategies.get(identity)?.name || identity;
  const later = debounce(400, show);
  const stop = listen(() => later());
  const timer = setInterval(loadConnections, 2000);
  show();
  loadConnections();
  return () => { isOpen = false; stop(); clearInterval(timer); };
}

// MARK: - Backtests

const compared = [
  ["Class", (run) => run.class_name], ["Started", (run) => timeCell(run.started_at)], ["Status", (run) => state(run.status)],
  ["Net PnL", (run) => el("span", { class: tone(run.net_pnl) }, signed(run.net_pnl))], ["Fees", (run) => money(run.fees)],
  ["Max drawdown", (run) => money(run.max_drawdown)], ["Success", (run) => ratio(run.success_rate)], ["Orders", (run) => count(run.orders_count)],
  ["Fills", (run) => count(run.fills_count)], ["Events", (run) => count(run.events_count)], ["Seed", (run) => String(run.seed)],
  ["Order log", (run) => el("span", { class: "mono" }, run.order_log_hash || none)], ["Data", (run) => run.sources.map((path) => path.split("/").pop()).join(", ")],
];

export function backtestsPage(main) {
  const box = el("div"), chosen = new Set();
  const compare = el("button", { type: "button", disabled: true, onclick: () => { location.hash = `#/compare/${[...chosen].map(encodeURIComponent).join("/")}`; } }, "Compare");
  let isOpen = true;
  main.replaceChildren(el("div", { class: "head" }, el("h1", {}, "Backtests")), el("div", { class: "tools" }, compare, el("span", { class: "dim" }, "choose two or more")), box);
  get("/backtests?limit=200").then((found) => {
    if (!isOpen) return;
    box.replaceChildren(table(["", "Started", "Class", "Data", "Status", ">Net PnL", ">Fees", ">Max drawdown", ">Success", ">Orders", ">Fills", "Order log"], found.items.map((run) => {
      const mark = el("input", { type: "checkbox", "aria-label": `Compare ${run.id}` });
      mark.addEventListener("change", () => { if (mark.checked) chosen.add(run.id); else chosen.delete(run.id); compare.disabled = chosen.size < 2; });
      return [mark, el("td", { class: "name" }, el("a", { href: `#/backtest/${encodeURIComponent(run.id)}` }, timeCell(run.started_at))), run.class_name,
        el("td", { class: "cut" }, run.sources.map((path) => path.split("/").pop()).join(", ")), state(run.status), coloured(run.net_pnl), money(run.fees), money(run.max_drawdown),
        ratio(run.success_rate), count(run.orders_count), count(run.fills_count), el("td", { class: "mono" }, run.order_log_hash || none)];
    }), "none are kept yet"));
  }).catch((error) => box.replaceChildren(el("div", { class: "empty" }, error.message)));
  return () => { isOpen = false; };
}

function flat(value, path = "") {
  if (value === null || typeof value !== "object") return [[path, value === null ? none : String(value)]];
  if (Array.isArray(value)) return value.length > 12 ? [[path, `${value.length} values`]] : [[path, value.map((item) => (typeof item === "object" ? JSON.stringify(item) : item)).join(", ")]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key));
}

async function trades(id) {
  const rows = [];
  let cursor = "";
  for (let page = 0; page < 10; page += 1) {
    const found = await get(`/trades?backtest=${encodeURIComponent(id)}&limit=1000${cursor}`);
    rows.push(...found.items);
    if (!found.next_cursor) break;
    cursor = `&cursor=${encodeURIComponent(found.next_cursor)}`;
  }
  return rows;
}

function cumulative(rows) {
  let total = 0;
  return rows.map((row) => { total += Number(row.pnl); return [Date.parse(row.exit_time), total]; });
}

export function backtestPage(main, id) {
  let isOpen = true;
  const chart = new Chart("PnL of closed trades"), body = el("div");
  main.replaceChildren(el("div", { class: "head" }, el("h1", {}, "Backtest"), el("span", { class: "mono dim" }, id), el("a", { href: "#/backtests" }, "all backtests")), body);
  Promise.all([get(`/backtests/${encodeURIComponent(id)}`), trades(id)]).then(([run, rows]) => {
    if (!isOpen) return;
    body.replaceChildren(
      run.error ? el("div", { class: "panel bad" }, run.error) : "",
      el("div", { class: "figures" }, compared.map(([label, value]) => el("dl", {}, el("div", {}, el("dt", {}, label), el("dd", {}, value(run)))))),
      el("section", {}, el("h2", {}, "PnL of closed trades, summed up"), chart.node),
      el("div", { class: "columns" },
        el("section", {}, el("h2", {}, "Trades"), table([">No", "Instrument", "Side", ">Quantity", ">Entry", ">Exit", "Left", ">PnL", ">Fees"], rows.slice(0, 200).map((row) => [String(row.number), row.symbol, row.side,
          decimal(row.quantity), decimal(row.entry_price), decimal(row.exit_price), timeCell(row.exit_time), coloured(row.pnl), money(row.fees)]))),
        el("section", {}, el("h2", {}, "Report and assumptions"), table(["", ""], flat(run.report).concat(flat(run.config, "config")).map(([key, value]) => [key, wrapped(value)])))));
    chart.set([{ name: "PnL", points: cumulative(rows) }]);
  }).catch((error) => body.replaceChildren(el("div", { class: "empty" }, error.message)));
  return () => { isOpen = false; };
}

export function comparePage(main, ids) {
  let isOpen = true;
  const body = el("div");
  main.replaceChildren(el("div", { class: "head" }, el("h1", {}, `${ids.length} backtests`), el("a", { href: "#/backtests" }, "all backtests")), body);
  Promise.all(ids.slice(0, 8).map(async (id) => [await get(`/backtests/${encodeURIComponent(id)}`), await trades(id)])).then((found) => {
    if (!isOpen) return;
    const runs = found.map(([run]) => run), chart = new Chart("PnL of closed trades");
    const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.config.parameters || {})))];
    body.replaceChildren(el("section", {}, chart.node), table(["", ...runs.map((run) => `>${run.id.slice(0, 8)}`)],
      compared.map(([label, value]) => [label, ...runs.map(value)]).concat(
        parameters.map((name) => [name, ...runs.map((run) => String(run.config.parameters?.[name] ?? none))]))));
    chart.set(found.map(([run, rows], index) => ({ name: run.id.slice(0, 8), second: index > 0, points: cumulative(rows) })));
  }).catch((error) => body.replaceChildren(el("div", { class: "empty" }, error.message)));
  return () => { isOpen = false; };
}
