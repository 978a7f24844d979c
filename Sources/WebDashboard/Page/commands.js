// Asking for something, with a question before and the command's life afterwards.
import { el, state } from "/format.js";
import { engine, listen, post, session } from "/live.js";

const words = {
  start: ["Start", "starts processes"], stop: ["Stop", "ends processes in order; positions stay open"],
  restart: ["Restart", "a new process takes the place of each"], pause: ["Pause", "no market data, no new orders; resting orders stay"],
  resume: ["Resume", "market data and orders again"], flatten: ["Flatten", "cancels all orders and closes all positions at the market"],
  update: ["Update", "changes parameters without a restart"],
  halt: ["Halt", "no new orders until trading is resumed, also after restarts; what rests can still be canceled"],
  reduce: ["Reduce only", "only orders that make a position smaller, until trading is resumed"],
  resume_trading: ["Resume trading", "orders are allowed again"],
};
const risky = new Set(["stop", "restart", "flatten", "halt", "reduce"]);

export function wordOf(command) { return (words[command] || [command.replaceAll("_", " ")])[0]; }
export function canCommand() { return session.authorized && !session.readOnly; }
export function knows(command) { return session.commands.includes(command); }

// Asks, sends one command for each strategy (null: one for all of them), and shows what becomes of them.
export function ask(command, targets, parameters) {
  const [verb, meaning] = words[command] || [wordOf(command), ""];
  const dialog = document.getElementById("dialog");
  const names = targets === null ? null : targets.map((line) => line.name);
  const whom = names === null ? "all strategies" : names.length === 1 ? names[0] : `${names.length} strategies`;
  const form = el("form", { method: "dialog" },
    el("h2", {}, `${verb} ${whom}?`),
    meaning ? el("p", {}, `${meaning[0].toUpperCase()}${meaning.slice(1)}.`) : null,
    names && names.length > 1 ? el("ul", {}, names.slice(0, 100).map((name) => el("li", {}, name))) : null,
    parameters ? el("ul", {}, Object.entries(parameters).map(([name, value]) => el("li", { class: "mono" }, `${name} = ${value}`))) : null,
    el("div", { class: "tools" },
      el("button", { value: "no", type: "submit" }, "Cancel"),
      el("button", { value: "yes", type: "submit", class: risky.has(command) ? "danger" : "primary", autofocus: true }, `${verb} ${whom}`)));
  dialog.replaceChildren(form);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", async () => {
      if (dialog.returnValue !== "yes") return resolve(false);
      const jobs = targets === null ? [send(command, null, parameters)] : targets.map((line) => send(command, line, parameters));
      await Promise.all(jobs);
      resolve(true);
    }, { once: true });
  });
}

async function send(command, line, parameters) {
  const body = { command };
  if (line) body.strategy = line.id;
  if (parameters) body.parameters = parameters;
  const label = `${wordOf(command)} ${line ? line.name : "all strategies"}`;
  const toast = addToast(label);
  // One key for one wish: what is sent again after a broken connection is not done twice.
  const key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      toast.follow(await post("/commands", body, key));
      return;
    } catch (error) {
      const isTemporary = error.status === undefined || error.status === 503;
      if (!isTemporary || attempt === 4) { toast.fail(error.message); return; }
      await new Promise((resolve) => setTimeout(resolve, 500 * (attempt + 1)));
    }
  }
}

function addToast(label) {
  const list = document.getElementById("toasts");
  const text = el("span", {}, label, " ", el("span", { class: "dim" }, "sending"));
  const node = el("div", { class: "toast" }, text);
  const close = () => { node.remove(); stop(); };
  node.append(el("button", { class: "quiet", type: "button", "aria-label": "Dismiss", onclick: close }, "✕"));
  list.append(node);
  while (list.children.length > 6) list.firstChild.remove();
  let stop = () => {}, row = null;
  const show = () => {
    const parts = [label, " ", state(row.status)];
    if (row.ended_at) parts.push(el("span", { class: "dim" }, ` after ${Date.parse(row.ended_at) - Date.parse(row.created_at)} ms`));
    else if (!engine.info?.manager_pid) parts.push(el("span", { class: "dim" }, " waits for a manager"));
    if (row.error) parts.push(el("div", {}, row.error));
    text.replaceChildren(...parts);
    if (row.status === "executed") setTimeout(close, 5000);
    if (row.ended_at) stop();
  };
  return {
    follow(command) {
      row = engine.commands.get(command.sequence) || command;
      stop = listen((names) => {
        const found = engine.commands.get(command.sequence);
        if (names.has("commands") && found && found.status !== row.status) { row = found; show(); }
      });
      show();
    },
    fail(message) { text.replaceChildren(label, " ", state("failed"), el("div", {}, message)); },
  };
}
