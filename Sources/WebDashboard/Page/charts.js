// Lines over time, drawn as SVG; no library.
import { el, svg, clock, none } from "/format.js";

export function sparkline(node, points) {
  let line = node.firstChild;
  if (!line) { line = svg("polyline"); node.append(line); }
  const values = points || [];
  if (values.length < 2) { line.setAttribute("points", ""); return; }
  const low = Math.min(...values), range = Math.max(...values) - low, span = range || 1;
  const base = range === 0 ? 9 : 16.5;
  line.setAttribute("points", values.map((value, index) =>
    `${(index / (values.length - 1) * 82 + 1).toFixed(1)},${(base - (value - low) / span * 15).toFixed(1)}`).join(" "));
}

export function makeSparkline() {
  return svg("svg", { class: "spark", viewBox: "0 0 84 18", "aria-hidden": "true" });
}

function ticks(low, high, wanted) {
  const raw = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= raw) || power;
  const list = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) list.push(value);
  return { list, places: Math.max(0, Math.min(8, -Math.floor(Math.log10(step)))) };
}

// A chart that is given its series again and again: [{ name, points: [[milliseconds, value]], second }], marks
// [{ time, value, side, title }].
export class Chart {
  constructor(label, places = 2) {
    this.places = places;
    this.picture = svg("svg", { role: "img", "aria-label": label, preserveAspectRatio: "none" });
    this.readout = el("div", { class: "readout" });
    this.node = el("div", { class: "chart" }, this.picture, this.readout);
    this.series = [];
    this.marks = [];
    new ResizeObserver(() => this.draw()).observe(this.node);
    this.picture.addEventListener("pointermove", (event) => this.point(event));
    this.picture.addEventListener("pointerleave", () => this.describe(null));
  }

  set(series, marks = []) { this.series = series; this.marks = marks; this.draw(); }

  draw() {
    const width = this.node.clientWidth, height = 210;
    if (!width) return;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.picture.replaceChildren();
    const all = this.series.flatMap((line) => line.points).concat(this.marks.map((mark) => [mark.time, mark.value]));
    if (all.length === 0) {
      const text = svg("text", { x: width / 2, y: height / 2, "text-anchor": "middle" });
      text.textContent = "nothing yet";
      this.picture.append(text);
      this.readout.textContent = "";
      return;
    }
    let low = Infinity, high = -Infinity, first = Infinity, last = -Infinity;
    for (const [time, value] of all) {
      low = Math.min(low, value); high = Math.max(high, value); first = Math.min(first, time); last = Math.max(last, time);
    }
    if (low === high) { const pad = Math.abs(low) * 0.001 || 1; low -= pad; high += pad; }
    if (first === last) { first -= 1000; last += 1000; }
    const { list, places } = ticks(low, high, 4);
    const left = 14 + 6.5 * Math.max(...list.map((value) => value.toFixed(places).length)), right = 12, top = 26, bottom = 22;
    const x = (time) => left + (time - first) / (last - first) * (width - left - right);
    const y = (value) => height - bottom - (value - low) / (high - low) * (height - top - bottom);
    this.scale = { x, y, first, last, left, right, width, height, top, bottom };
    for (const value of list) {
      this.picture.append(svg("line", { class: value === 0 ? "grid zero" : "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      const text = svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" });
      text.textContent = value.toFixed(places).replace("-", "−");
      this.picture.append(text);
    }
    for (const [time, anchor] of [[first, "start"], [(first + last) / 2, "middle"], [last, "end"]]) {
      const text = svg("text", { x: x(time), y: height - 6, "text-anchor": anchor });
      text.textContent = clock(new Date(time).toISOString());
      this.picture.append(text);
    }
    for (const line of this.series) {
      this.picture.append(svg("polyline", { class: line.second ? "curve second" : "curve",
        points: line.points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }));
    }
    for (const mark of this.marks) {
      const cx = x(mark.time), cy = y(mark.value), size = 5;
      const points = mark.side === "buy" ? `${cx},${cy - size} ${cx - size},${cy + size} ${cx + size},${cy + size}`
        : `${cx},${cy + size} ${cx - size},${cy - size} ${cx + size},${cy - size}`;
      const shape = svg("polygon", { class: mark.side, points });
      const title = svg("title");
      title.textContent = mark.title;
      shape.append(title);
      this.picture.append(shape);
    }
    this.cross = svg("line", { class: "cross", y1: top, y2: height - bottom, visibility: "hidden" });
    this.picture.append(this.cross);
    this.describe(null);
  }

  point(event) {
    if (!this.scale || !this.series.length) return;
    const box = this.picture.getBoundingClientRect(), { first, last, left, right, width } = this.scale;
    this.describe(first + (event.clientX - box.left - left) / (width - left - right) * (last - first));
  }

  describe(time) {
    const parts = [];
    let at = null;
    for (const line of this.series) {
      if (!line.points.length) continue;
      let point = line.points[line.points.length - 1];
      if (time !== null) for (const candidate of line.points) if (Math.abs(candidate[0] - time) < Math.abs(point[0] - time)) point = candidate;
      at = point[0];
      parts.push(`${line.name} ${point[1].toFixed(this.places).replace("-", "−")}`);
    }
    this.readout.textContent = parts.length ? `${parts.join(" · ")} · ${at === null ? none : clock(new Date(at).toISOString())}` : "";
    if (this.cross && at !== null && time !== null) {
      for (const name of ["x1", "x2"]) this.cross.setAttribute(name, this.scale.x(at));
      this.cross.setAttribute("visibility", "visible");
    } else if (this.cross) this.cross.setAttribute("visibility", "hidden");
  }
}
