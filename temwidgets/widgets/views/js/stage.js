// The canvas in the page: reads the traits, draws when something is new, and does what the
// gestures ask for.

const SEND_EVERY = 60;
const HIDDEN_FOR = 3000;
// Where drawing takes longer than this (ms; software GL), moving pictures are drawn coarsely and
// the axes follow a little later; at rest all is sharp.
const SLOW = 12;
const AT_REST = 160;
const HALF_HEIGHT = Math.sqrt(2 * Math.log(2));
const PARTS = ["picture", "colours", "tones", "markers", "lines", "maps", "handles"];
const KEYS = "Arrow keys pan, plus and minus zoom, 0 shows the whole image";

class Stage {
  constructor(model, scales, el, signal) {
    Object.assign(this, { model, el, signal });
    this.drawn = 0;
    this.stale = new Set(PARTS);
    const tell = ({ x, y }) => model.send({ type: "shown", x, y });
    this.port = new Viewport(scales, signal, () => this.schedule(), tell);
    this.view = this.port.view;
    this.build();
    this.sendMask = throttled(() => this.send(), SEND_EVERY, signal);
    this.tellMoving = throttled(() => this.sendMoving(), SEND_EVERY, signal);
    this.times = [];
    this.follow();
    this.read();
    this.watchSize();
  }

  build() {
    this.el.classList.add("tem-layer");
    this.el.dataset.lmSuppressShortcuts = "true";
    this.status = element("div", "tem-readout", this.el);
    this.box = element("div", "tem-plot", this.el);
    this.newCanvas();
    this.overlay = new Overlay(this.box);
    this.handles = new Handles(this.box, this, this.signal);
  }

  newCanvas() {
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-roledescription", "image viewer");
    canvas.setAttribute("aria-label", this.name);
    canvas.dataset.drawn = String(this.drawn);
    if (this.canvas) this.canvas.replaceWith(canvas);
    else this.box.prepend(canvas);
    this.canvas = canvas;
    this.gestures = new Gestures(canvas, this, this.signal);
    this.gestures.cursor();
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.painter = null;
      if (this.visible) setTimeout(() => this.wake(), 200);
    }, { signal: this.signal });
  }

  /** Take a drawing context; views that are scrolled away give theirs back. */
  wake() {
    if (this.painter || this.signal.aborted) return;
    if (this.used) this.newCanvas();
    this.used = true;
    this.painter = this.makePainter();
    this.stale = new Set(PARTS);
    this.resize();
  }

  makePainter() {
    if (this.model.get("renderer") === "raster") return new RasterPainter(this.canvas);
    try {
      return new GlPainter(this.canvas);
    } catch (error) {
      console.warn(`temwidgets: drawing without WebGL2 (${error.message})`);
      this.newCanvas();
      return new RasterPainter(this.canvas);
    }
  }

  sleep() {
    if (!this.painter) return;
    const { painter } = this;
    this.painter = null;
    painter.dispose();
  }

  follow() {
    const listen = (names, act) =>
      names.split(" ").forEach((name) => this.model.on(`change:${name}`, act));
    const mark = (part) => () => {
      this.stale.add(part);
      this.read();
    };
    listen("shown image model residual filtered", mark("picture"));
    listen("lut", mark("colours"));
    listen("marker_lut", mark("tones"));
    listen("places labels values origin", mark("markers"));
    for (const name of ["lines", "maps", "handles"]) listen(name, mark(name));
    listen("map_looks", mark("maps"));
    listen("states", () => this.heard());
    listen("percentiles limits gamma smooth marker_size marker_opacity show_markers", () => this.read());
    listen("ellipses marker_mode marker_limits marker_color legend show_legend units scale_bar", () => this.read());
    listen("label", () => this.canvas.setAttribute("aria-label", this.name));
    listen("tool", () => this.gestures.cursor());
    listen("margin", () => this.resize());
  }

  watchSize() {
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.el);
    let timer = null;
    const seen = new IntersectionObserver((entries) => {
      this.visible = entries[entries.length - 1].isIntersecting;
      clearTimeout(timer);
      if (this.visible) this.wake();
      else timer = setTimeout(() => this.sleep(), HIDDEN_FOR);
    }, { rootMargin: "200px" });
    seen.observe(this.el);
    this.signal.addEventListener("abort", () => {
      sizes.disconnect();
      seen.disconnect();
      clearTimeout(timer);
      this.sleep();
    });
  }

  resize() {
    const { top, right, bottom, left } = this.model.get("margin");
    this.box.style.inset = `${top}px ${right}px ${bottom}px ${left}px`;
    Object.assign(this.status.style, { left: `${left}px`, right: `${right}px`, height: `${top}px` });
    const box = this.box.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return;
    this.port.resize(box.width, box.height);
    this.draw();
    this.nameFigure();
  }

  /** The canvas says what the image is; the figure over it only has the axes. */
  nameFigure() {
    const figure = this.el.closest(".tem-stack")?.querySelector(".bqplot");
    figure?.setAttribute("role", "img");
    figure?.setAttribute("aria-label", `Axes in ${this.model.get("units")}`);
  }

  /** Show while the mouse moves. */
  glide(ranges) {
    this.moved = performance.now();
    this.port.show(ranges);
  }

  ask(ranges) {
    this.port.ask(ranges);
  }

  home() {
    if (!this.picture) return;
    const { origin, edges } = this.picture;
    const range = (start, length) => [start, start + length];
    this.ask({
      x: range(origin[1] + edges.left, edges.width),
      y: range(origin[0] + edges.top, edges.height),
    });
  }

  /** Read the traits into what the painters need. */
  read() {
    const get = (name) => this.model.get(name);
    if (this.stale.has("picture")) this.readPicture();
    if (this.stale.has("markers")) this.readMarkers();
    if (this.stale.has("lines")) this.lines = readLines(get("lines"), this.lines ?? []);
    if (this.stale.has("maps")) this.readMaps();
    if (this.stale.has("handles")) this.handles.read(get("handles"));
    const rgb = (name) => [1, 3, 5].map((i) => parseInt(get(name).slice(i, i + 2), 16) / 255);
    this.style = {
      limits: get("limits") ?? this.picture?.percentileLimits(get("percentiles")) ?? [0, 1],
      gamma: get("gamma"),
      smooth: get("smooth"),
      showMarkers: get("show_markers"),
      opacity: get("marker_opacity"),
      mode: ["plain", "value", "category"].indexOf(get("marker_mode")),
      markerLimits: get("marker_limits"),
      plain: rgb("marker_color"),
      chosen: rgb("chosen_color"),
      stroke: 1.5,
      hollow: this.reciprocal,
      dimming: this.markers.anySelected && !this.reciprocal,
    };
    this.overlay.markerLegend(get("legend"), this.markersShown && get("show_legend"));
    this.schedule();
  }

  readMarkers() {
    this.markers = new Markers(this.model);
    this.gestures.hold();
  }

  readMaps() {
    this.maps = readMaps(this.model.get("maps"), this.model.get("map_looks"), this.maps ?? []);
    this.overlay.mapLegends(this.maps.map((map) => map.legend));
  }

  readPicture() {
    const record = this.model.get(this.model.get("shown"));
    if (record?.shape && record !== this.picture?.record) {
      this.picture = new Picture(record);
      this.picture.record = record;
    }
  }

  /** Size markers to the zoom: never so large that they hide the lattice; then ellipses. */
  sizeMarkers() {
    const perLength = this.view.width / (this.view.x[1] - this.view.x[0]);
    const { spacing, sigma } = this.markers;
    const most = spacing > 0 ? 0.3 * spacing * perLength : Infinity;
    const radius = Math.max(Math.min(this.model.get("marker_size") / 2, most), 0.8);
    const large = sigma * HALF_HEIGHT * perLength > Math.max(radius, 7);
    const stroke = Math.min(1.5, Math.max(0.8, radius / 2.5));
    const contour = this.model.get("ellipses") && large ? HALF_HEIGHT : 0;
    Object.assign(this.style, { radius, contour, stroke, ratio: this.ratio });
  }

  schedule() {
    if (this.frame || !this.painter) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    if (!this.painter || !this.view.width || this.signal.aborted) return;
    const gliding = performance.now() - (this.moved ?? -Infinity) < AT_REST;
    this.setResolution(gliding && this.slow ? this.coarse : 1);
    this.upload();
    this.sizeMarkers();
    this.style.thin = Boolean(gliding && this.slow);
    const start = performance.now();
    this.painter.draw(this.view, this.style);
    if (gliding && this.slow === undefined) this.judge(start);
    this.handles.place(this.view);
    this.overlay.scaleBar(this.view, this.model.get("units"), this.model.get("scale_bar"));
    this.drawn += 1;
    this.canvas.dataset.drawn = String(this.drawn);
  }

  setResolution(factor) {
    this.ratio = factor * (window.devicePixelRatio || 1);
    const size = [this.view.width, this.view.height].map((v) => Math.round(v * this.ratio));
    if (this.canvas.width !== size[0]) this.canvas.width = size[0];
    if (this.canvas.height !== size[1]) this.canvas.height = size[1];
    clearTimeout(this.sharpen);
    if (factor < 1) this.sharpen = setTimeout(() => this.schedule(), AT_REST + 20);
  }

  /** Find out, from three frames, whether this machine draws slowly. */
  judge(start) {
    this.painter.finish();
    this.times.push(performance.now() - start);
    if (this.times.length < 3) return;
    const least = Math.min(...this.times);
    this.slow = this.port.lazy = least > SLOW;
    this.coarse = Math.max(0.33, Math.sqrt((0.4 * SLOW) / least));
  }

  upload() {
    const { painter, model, stale } = this;
    if (stale.has("picture") && this.picture && painter.picture !== this.picture)
      painter.setPicture(this.picture);
    if (stale.has("colours")) painter.setColours("colours", asArray(model.get("lut"), "uint8"));
    if (stale.has("tones")) painter.setColours("tones", asArray(model.get("marker_lut"), "uint8"));
    if (stale.has("markers")) painter.setMarkers(this.markers);
    if (stale.has("lines")) painter.setLines(this.lines);
    if (stale.has("maps")) painter.setMaps(this.maps);
    if (stale.has("states") && !stale.has("markers")) painter.fill("states", this.markers.states);
    stale.clear();
  }

  /** The image is a spectrum and the markers reflections, each followed by its mate at -g. */
  get reciprocal() {
    return this.model.get("reciprocal");
  }

  get noun() {
    return this.reciprocal ? "reflection" : "column";
  }

  get name() {
    return `${this.model.get("label")}. ${KEYS}, Delete removes the selected ${this.noun}s.`;
  }

  get tool() {
    return this.model.get("tool");
  }

  get markersShown() {
    return this.model.get("show_markers") && this.markers.count > 0;
  }

  /** Python tells which columns are selected; while the mouse selects, the mouse is right. */
  heard() {
    if (this.gestures.drag?.moved) return;
    const states = asArray(this.model.get("states"), "uint8");
    if (states.length !== this.markers.count) return;
    this.markers.states.set(states);
    this.restate();
  }

  restate() {
    this.stale.add("states");
    this.style.dimming = this.markers.anySelected && !this.reciprocal;
    this.schedule();
  }

  reset(mask) {
    this.markers.select(mask);
    this.restate();
    this.choice = { mask, how: { tool: "undo" } };
    this.sendMask(true);
  }

  select(mask, how) {
    if (!this.markers.count) return;
    if (!how.final) this.moved = performance.now();
    this.markers.select(mask);
    this.restate();
    this.choice = { mask, how };
    this.sendMask(how.final);
  }

  send() {
    const { mask, how } = this.choice;
    const { tool, mode, path } = how;
    this.model.send({ type: "select", tool, mode, extent: path ?? null }, undefined, [mask.slice().buffer]);
  }

  preview(index, x, y) {
    const { markers } = this;
    markers.move(index, x, y);
    if (this.reciprocal) markers.move((index + markers.count / 2) % markers.count, -x, -y);
    this.painter?.setMarkers(markers);
    this.schedule();
  }

  /** A message that was put off does not come after the final one. */
  sendMoving() {
    const { grabbed, at } = this.gestures.drag ?? {};
    if (at) this.edit("moving", { index: grabbed, ...at });
  }

  edit(type, details) {
    const { index, x, y } = details;
    const label = index === undefined ? null : this.markers.labels[index];
    this.model.send({ type, label, x: x ?? null, y: y ?? null });
  }

  rubber(points) {
    this.overlay.rubber(points);
  }

  hover(point, index = -1) {
    if (!point || !this.picture) {
      this.status.textContent = "";
      return;
    }
    const [units, legend] = [this.model.get("units"), this.model.get("legend")];
    const read = this.reciprocal ? readSpectrum : readout;
    const parts = read(point.x, point.y, this.picture, this.markers, index, units, legend);
    this.status.textContent = [...parts, ...readMapsAt(this.maps ?? [], point.x, point.y)].join("   ");
  }
}
