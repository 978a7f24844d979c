// What fired, and what may be traded.
import { el, state, clock, duration } from "/format.js";
import { engine, ageOf, get } from "/live.js";

// The stricter one of the strategy's own state and that of all strategies.
export function tradingOf(line) {
  const order = ["active", "reducing", "halted"], all = engine.info?.trading_state || "active", own = line.trading_state || "active";
  const isAll = order.indexOf(all) >= order.indexOf(own);
  const reason = isAll && all !== "active" ? engine.info.trading_reason : line.trading_reason;
  return { state: isAll ? all : own, ofAll: isAll && all !== "active", reason };
}

const link = (alert) => (alert.strategy_id && engine.strategies.has(alert.strategy_id)
  ? el("a", { href: `#/strategy/${encodeURIComponent(alert.subject)}` }, alert.subject) : alert.subject);

// What is open, of a strategy or of all, and nothing when all is well.
export function alertsPanel(of = null) {
  const list = el("ul", { class: "alerts" });
  const node = el("section", { "aria-label": "Open alerts", hidden: true }, el("h2", {}, "Open alerts"), list);
  function show() {
    const open = engine.alerts.filter((alert) => alert.cleared_at === null && (!of || (alert.strategy_id && alert.subject === of)));
    node.hidden = open.length === 0;
    const shown = open.slice(-6).reverse();
    list.replaceChildren(...shown.map((alert) => el("li", {}, el("span", { class: "bad" }, el("i", { "aria-hidden": "true" }, "! "), alert.rule), " ", link(alert), " ",
      el("span", {}, alert.message), " ", el("time", { class: "dim", datetime: alert.fired_at, title: alert.fired_at }, `since ${clock(alert.opened_at)}, ${duration(ageOf(alert.opened_at))}`))));
    if (open.length > shown.length) list.append(el("li", {}, el("a", { href: "#/alerts" }, `${open.length - shown.length} more`)));
  }
  show();
  return { node, show };
}

// The rules, below the list of alerts.
export function rulesSection(table, wrapped) {
  const box = el("div");
  get("/alert-rules?limit=200").then((found) => box.replaceChildren(table(["Rule", "Kind", "Of", ">Threshold", ">For", ">Clears after", "Enabled", "Tells"],
    found.items.map((rule) => [el("td", { class: "name" }, rule.name), rule.kind.replaceAll("_", " "), rule.strategy || rule.feed || "all", rule.threshold === null ? "–" : String(rule.threshold),
      `${rule.for_seconds} s`, `${rule.clear_seconds} s`, rule.enabled ? state("ok") : "no", wrapped([rule.command && rule.command.join(" "), rule.webhook_url].filter(Boolean).join(", ") || "nobody")]))))
    .catch((error) => box.replaceChildren(el("div", { class: "empty" }, error.message)));
  return el("section", {}, el("h2", {}, "Rules"), box, el("p", { class: "dim" }, "Rules are rows of alert_rules: tradewind alerts add, set, enable, disable, remove, test."));
}
