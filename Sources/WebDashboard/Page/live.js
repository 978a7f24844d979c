// The engine as the server's events tell it, and calls of the API.

export const engine = {
  info: null, bus: null, feeds: [], processes: [], strategies: new Map(), commands: new Map(), events: new Map(),
  sparklines: new Map(), alerts: [], offset: 0, connection: "connecting", lastMessage: 0,
};
export const session = { authorized: false, readOnly: false, commands: [] };

const listeners = new Set();
let source = null, retry = null, frame = null, changed = new Set();

// Calls back, at most once a frame, with the names of what changed; the ids of changed strategies among them.
export function listen(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

function tell(...names) {
  for (const name of names) changed.add(name);
  if (frame !== null) return;
  // A page in the background gets no frames and must not fall behind for ever.
  frame = setTimeout(() => {
    frame = null;
    const names = changed;
    changed = new Set();
    for (const callback of [...listeners]) callback(names);
  }, 16);
}

export function now() { return Date.now() + engine.offset; }
export function ageOf(time) { return time ? now() - Date.parse(time) : null; }
export function strategyNamed(name) {
  for (const line of engine.strategies.values()) if (line.name === name || line.id === name) return line;
  return null;
}

function take(message, isSnapshot) {
  engine.offset = Date.parse(message.time) - Date.now();
  engine.lastMessage = Date.now();
  if (isSnapshot) {
    for (const map of [engine.strategies, engine.commands, engine.events, engine.sparklines]) map.clear();
    for (const [id, points] of Object.entries(message.sparklines || {})) engine.sparklines.set(id, points);
    tell("all");
  }
  if (message.engine) { engine.info = message.engine; tell("engine"); }
  if (message.bus !== undefined) { engine.bus = message.bus; tell("bus"); }
  if (message.alerts) { engine.alerts = message.alerts; tell("alerts"); }
  if (message.feeds) { engine.feeds = message.feeds; tell("feeds"); }
  if (message.processes) { engine.processes = message.processes; tell("processes"); }
  for (const id of message.removed) { engine.strategies.delete(id); tell("strategies", "removed"); }
  for (const line of message.strategies) { engine.strategies.set(line.id, line); tell("strategies", line.id); }
  for (const row of message.commands) { engine.commands.set(row.sequence, row); tell("commands"); }
  for (const row of message.events) { engine.events.set(row.id, row); tell("events"); }
  trim(engine.commands);
  trim(engine.events);
}

function trim(map) { for (const key of map.keys()) { if (map.size <= 400) break; map.delete(key); } }

function setConnection(word) {
  if (engine.connection === word) return;
  engine.connection = word;
  tell("connection");
}

export function connect() {
  clearTimeout(retry);
  if (source) source.close();
  source = new EventSource("/api/v1/stream");
  source.addEventListener("open", () => setConnection("live"));
  source.addEventListener("snapshot", (event) => { setConnection("live"); take(JSON.parse(event.data), true); });
  source.addEventListener("delta", (event) => take(JSON.parse(event.data), false));
  source.addEventListener("error", async () => {
    setConnection("reconnecting");
    // The browser tries again by itself unless the server refused.
    if (source.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(async () => {
      if (await openSession()) connect();
    }, 2000);
  });
}

export function disconnect() { if (source) source.close(); source = null; clearTimeout(retry); }

// Every sample of sparklines that the server takes is seen here as well: one point every five seconds.
setInterval(() => {
  if (engine.connection !== "live") return;
  for (const line of engine.strategies.values()) {
    if (line.pnl === null) continue;
    const points = engine.sparklines.get(line.id) || [];
    points.push(Number(line.pnl));
    if (points.length > 60) points.shift();
    engine.sparklines.set(line.id, points);
  }
  tell("sparklines");
}, 5000);

export class Refusal extends Error {
  constructor(problem, status) { super(problem.detail || `the server answered ${status}`); this.status = status; this.problem = problem; }
}

async function answer(response) {
  const isJSON = (response.headers.get("content-type") || "").includes("json");
  const body = isJSON ? await response.json() : {};
  if (!response.ok) throw new Refusal(body, response.status);
  return body;
}

export async function get(path) {
  let response;
  try { response = await fetch("/api/v1" + path, { headers: { accept: "application/json" } }); }
  catch { throw new Error("the server does not answer"); }
  return answer(response);
}

export async function post(path, body, key) {
  const headers = { "content-type": "application/json" };
  if (key) headers["idempotency-key"] = key;
  let response;
  try { response = await fetch("/api/v1" + path, { method: "POST", headers, body: JSON.stringify(body) }); }
  catch { throw new Error("the server does not answer"); }
  return answer(response);
}

// Whether this browser is let in; null when the server does not answer.
export async function openSession(token) {
  try {
    const found = token ? await post("/session", { token }) : await get("/session");
    session.authorized = found.authorized;
    session.readOnly = found.read_only;
    session.commands = found.commands;
    tell("session");
    return found.authorized;
  } catch (error) {
    if (token) throw error;
    tell("session");
    return session.authorized;
  }
}
