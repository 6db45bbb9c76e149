// The canvas in the page: reads the traits and draws when something is new.

const HALF_HEIGHT = Math.sqrt(2 * Math.log(2));
const PARTS = ["picture", "colours", "tones", "markers", "lines", "maps", "handles"];
const CROWDED = 8; // screen px between columns below which their markers grow faint
const KEYS = "Arrow keys pan, plus and minus zoom, 0 shows the whole image";

class Stage extends Surface {
  constructor(model, scales, el, signal) {
    super(model, el, signal);
    this.stale = new Set(PARTS);
    const tell = ({ x, y }) => model.send({ type: "shown", x, y });
    this.port = new Viewport(scales, signal, () => this.schedule(), tell);
    this.view = this.port.view;
    this.build();
    this.pace = new Pace();
    this.choices = new Choices(this, model, signal);
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

  /** The mouse is heard on the new canvas. */
  renewed() {
    this.gestures = new Gestures(this.canvas, this, this.signal);
    this.gestures.cursor();
  }

  woken() {
    this.stale = new Set(PARTS);
    this.resize();
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
    listen("map_looks picture_legend", mark("maps"));
    listen("states", () => this.choices.heard());
    listen("percentiles limits gamma smooth marker_size marker_opacity show_markers", () => this.read());
    listen("ellipses marker_mode marker_limits marker_color legend show_legend units scale_bar", () => this.read());
    listen("label", () => this.canvas.setAttribute("aria-label", this.name));
    listen("tool", () => this.gestures.cursor());
    listen("margin", () => this.resize());
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
    this.pace.touch();
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
    this.overlay.barLegends([this.model.get("picture_legend"), ...this.maps.map((map) => map.legend)]);
  }

  readPicture() {
    const record = this.model.get(this.model.get("shown"));
    if (record?.shape && record !== this.picture?.record) {
      this.picture = new Picture(record);
      this.picture.record = record;
    }
  }

  /** Size markers to the zoom: never so large that they hide the lattice, faint where they crowd; then ellipses. */
  sizeMarkers() {
    const perLength = this.view.width / (this.view.x[1] - this.view.x[0]);
    const { spacing, sigma } = this.markers;
    // The rim and its dark halo count too: close together they would cover the image.
    const most = spacing > 0 ? 0.35 * spacing * perLength - 0.9 : Infinity;
    const radius = Math.max(Math.min(this.model.get("marker_size") / 2, most), 0.8);
    const large = sigma * HALF_HEIGHT * perLength > Math.max(radius, 7);
    const stroke = Math.min(1.5, Math.max(0.8, radius / 2.5));
    const contour = this.model.get("ellipses") && large ? HALF_HEIGHT : 0;
    const crowd = spacing > 0 && !this.style.dimming ? (spacing * perLength) / CROWDED : 1;
    const opacity = this.model.get("marker_opacity") * Math.min(Math.max(crowd, 0.4), 1);
    Object.assign(this.style, { radius, contour, stroke, opacity, ratio: this.pace.ratio });
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
    const { pace } = this;
    pace.fit(this.canvas, this.view, () => this.schedule());
    this.upload();
    this.sizeMarkers();
    this.style.thin = pace.thin;
    const start = performance.now();
    this.painter.draw(this.view, this.style);
    if (pace.gliding && pace.slow === undefined) this.judge(start);
    this.handles.place(this.view);
    this.overlay.scaleBar(this.view, this.model.get("units"), this.model.get("scale_bar"));
    this.drawn += 1;
    this.canvas.dataset.drawn = String(this.drawn);
  }

  judge(start) {
    this.painter.finish();
    this.pace.judge(performance.now() - start);
    this.port.lazy = Boolean(this.pace.slow);
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

  restate() {
    this.stale.add("states");
    this.style.dimming = this.markers.anySelected && !this.reciprocal;
    this.schedule();
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
