// A polar plot in SVG: 0 degrees to the right and 90 down, as in the image; dragging brushes a
// sector. All numbers come counted: bins, part, brush.

const NS = "http://www.w3.org/2000/svg";
const RADIUS = 100;
const RIM = [104, 110];
const SEND_EVERY = 60;

function svg(kind, attributes, parent) {
  const node = document.createElementNS(NS, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent?.append(node);
  return node;
}

const at = (radius, degrees) => {
  const turn = (degrees * Math.PI) / 180;
  return `${(radius * Math.cos(turn)).toFixed(2)} ${(radius * Math.sin(turn)).toFixed(2)}`;
};

/** Opacity of a bin: from `least` for few columns to 1. */
const shade = (share, least) => least + (1 - least) * Math.sqrt(share);

/** The path round a sector, in radii and degrees. */
function sector(inner, outer, from, to) {
  if (to - from >= 359.99)
    return sector(inner, outer, from, from + 180) + sector(inner, outer, from + 180, from + 359.98);
  const large = to - from > 180 ? 1 : 0;
  const back = inner > 0 ? `A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}` : "";
  return (
    `M${at(inner, from)}L${at(outer, from)}A${outer} ${outer} 0 ${large} 1 ${at(outer, to)}` +
    `L${at(inner, to)}${back}Z`
  );
}

class PolarPlot {
  constructor(model, el, signal) {
    Object.assign(this, { model, signal, drawn: 0, sent: 0, timer: null });
    this.root = svg("svg", { viewBox: "-140 -128 280 256", role: "img", tabindex: "0" }, el);
    this.root.classList.add("tem-polar");
    this.layers = Object.fromEntries(
      ["grid", "whole", "part", "rim", "words", "brush"].map((name) => [
        name,
        svg("g", { class: `tem-polar-${name}` }, this.root),
      ]),
    );
    this.band = svg("path", {}, this.layers.brush);
    const listen = (names, act) => {
      model.on(names, act);
      signal.addEventListener("abort", () => model.off(names, act));
    };
    listen("change:bins", () => this.draw());
    listen("change:part", () => this.drawPart());
    listen("change:brush", () => this.drawBrush());
    listen("change:height", () => this.resize());
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel", "keydown"])
      this.root.addEventListener(kind, (event) => this[kind]?.(event), { signal });
    this.resize();
    this.draw();
  }

  resize() {
    this.root.style.height = `${this.model.get("height")}px`;
  }

  draw() {
    const bins = this.model.get("bins");
    const { grid, whole, rim, words } = this.layers;
    for (const layer of [grid, whole, rim, words]) layer.replaceChildren();
    this.root.setAttribute("aria-label", bins.label ?? "Polar plot");
    if (bins.sectors) {
      this.drawGrid(bins, grid, words);
      this.drawWhole(bins, whole);
      bins.rim.forEach((colour, i) => {
        const width = 360 / bins.rim.length;
        const path = sector(...RIM, (i - 0.5) * width - 0.3, (i + 0.5) * width + 0.3);
        svg("path", { d: path, fill: colour }, rim);
      });
    }
    this.drawPart();
    this.drawBrush();
  }

  drawGrid(bins, grid, words) {
    svg("circle", { r: RADIUS }, grid);
    for (let angle = 0; angle < 360; angle += 45)
      svg("path", { d: `M${at(0, 0)}L${at(RADIUS, angle)}` }, grid);
    for (const [share, text] of bins.marks) {
      svg("circle", { r: share * RADIUS }, grid);
      const [x, y] = at(share * RADIUS, -67.5).split(" ");
      svg("text", { x, y, "text-anchor": "middle", dy: "-1.5" }, words).textContent = text;
    }
    const places = [[114, 4, "start", "0°"], [0, 122, "middle", "90°"], [-114, 4, "end", "180°"]];
    for (const [x, y, anchor, text] of [...places, [0, -115, "middle", "−90°"]])
      svg("text", { x, y, "text-anchor": anchor }, words).textContent = text;
  }

  /** Each bin with what it looks like: [path, count]. */
  *bins(counts) {
    const { sectors, rings, kind, most } = this.model.get("bins");
    const width = 360 / sectors;
    for (let i = 0; i < sectors; i++) {
      if (kind === "rose") {
        if (counts[i]) yield [i, 0, RADIUS * Math.sqrt(counts[i] / most), (i - 0.5) * width, width];
        continue;
      }
      for (let j = 0; j < rings; j++) {
        const n = i * rings + j;
        const [inner, outer] = [j, j + 1].map((k) => (k * RADIUS) / rings);
        if (counts[n]) yield [n, inner, outer, (i - 0.5) * width, width];
      }
    }
  }

  drawWhole(bins, layer) {
    for (const [n, inner, outer, from, width] of this.bins(bins.whole)) {
      const path = svg("path", { d: sector(inner, outer, from, from + width) }, layer);
      path.setAttribute("fill", bins.colours[n % bins.colours.length]);
      if (bins.kind !== "rose")
        path.setAttribute("fill-opacity", shade(bins.whole[n] / bins.most, 0.15));
      svg("title", {}, path).textContent = bins.titles[n];
    }
  }

  /** In a rose the part is a smaller petal; else it fills its share of each bin's width. */
  drawPart() {
    const { layers, model } = this;
    const bins = model.get("bins");
    const part = model.get("part");
    layers.part.replaceChildren();
    if (bins.sectors && part.length)
      for (const [n, inner, outer, from, width] of this.bins(part)) {
        const share = bins.kind === "rose" ? 1 : part[n] / bins.whole[n];
        const path = sector(inner, outer, from, from + share * width);
        const opacity = bins.kind === "rose" ? 1 : shade(bins.whole[n] / bins.most, 0.35);
        svg("path", { d: path, "fill-opacity": opacity }, layers.part);
      }
    this.root.classList.toggle("tem-polar-partly", part.some((count) => count > 0));
    this.root.dataset.drawn = String(++this.drawn);
  }

  drawBrush() {
    const brush = this.dragged ?? this.model.get("brush");
    const [from, to, low, high] = brush ?? [];
    const end = high === null || high > 1 ? RIM[0] : RADIUS * high;
    this.band.setAttribute("d", brush ? sector(RADIUS * low, end, from, to) : "");
  }

  /** Direction and share of the limit under the pointer. */
  place(event) {
    const point = new DOMPoint(event.clientX, event.clientY);
    const { x, y } = point.matrixTransform(this.root.getScreenCTM().inverse());
    return [(Math.atan2(y, x) * 180) / Math.PI, Math.hypot(x, y) / RADIUS];
  }

  pointerdown(event) {
    if (event.button !== 0 || !this.model.get("bins").sectors) return;
    this.root.setPointerCapture(event.pointerId);
    const [angle, share] = this.place(event);
    this.start = { angle, share, turned: 0, last: angle, x: event.clientX, y: event.clientY };
  }

  pointermove(event) {
    const { start } = this;
    if (!start) return;
    const far = Math.hypot(event.clientX - start.x, event.clientY - start.y) > 4;
    if (!far && !this.dragged) return;
    const [angle, share] = this.place(event);
    start.turned += ((angle - start.last + 540) % 360) - 180;
    start.last = angle;
    this.dragged = this.sectorFrom(start, share);
    this.drawBrush();
    this.sendSoon();
  }

  /** From the first corner to the pointer; beyond the rim all lengths are meant. */
  sectorFrom({ angle, share, turned }, now) {
    const turn = Math.max(-360, Math.min(360, turned));
    const [from, to] = [Math.min(angle, angle + turn), Math.max(angle, angle + turn)];
    if (this.model.get("bins").kind === "rose") return [from, to, 0, null];
    const [low, high] = [Math.min(share, now), Math.max(share, now)];
    return [from, to, low < 0.04 ? 0 : Math.min(low, 1), high >= 1 ? null : high];
  }

  pointerup(event) {
    const moved = this.dragged;
    if (this.start && moved) this.send();
    if (this.start && !moved && event.type === "pointerup") this.model.send({ type: "clear" });
    this.start = this.dragged = null;
  }

  pointercancel(event) {
    this.pointerup(event);
  }

  keydown(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.model.send({ type: "clear" });
  }

  sendSoon() {
    if (this.timer) return;
    const wait = Math.max(0, this.sent + SEND_EVERY - performance.now());
    this.timer = setTimeout(() => this.send(), wait);
  }

  send() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.dragged) return;
    this.sent = performance.now();
    const [from, to, low, high] = this.dragged;
    this.model.send({ type: "brush", direction: [from, to], share: [low, high] });
  }
}

function render({ model, el }) {
  const stop = new AbortController();
  const plot = new PolarPlot(model, el, stop.signal);
  return () => {
    clearTimeout(plot.timer);
    stop.abort();
  };
}
export default { render };
