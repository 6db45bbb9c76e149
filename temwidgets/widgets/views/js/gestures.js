// Mouse, pen, touch and keyboard on the canvas.

const CLICK = 4;
const REACH = 10;
const CURSORS = { pan: "grab", zoom: "zoom-in", move: "move", delete: "pointer", add: "copy" };

class Gestures {
  /** `stage` gives view, markers, tool and does what the gestures ask for. */
  constructor(canvas, stage, signal) {
    this.canvas = canvas;
    this.stage = stage;
    this.drag = null;
    const on = (name, act, options) =>
      canvas.addEventListener(name, act.bind(this), { signal, ...options });
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.release);
    on("pointercancel", this.cancel);
    on("pointerleave", () => this.stage.hover(null));
    on("wheel", this.wheel, { passive: false });
    on("dblclick", () => this.stage.tool === "pan" && !this.stage.reciprocal && this.stage.home());
    on("keydown", this.key);
  }

  /** Canvas pixels and lengths of an event. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const { x, y, width, height } = this.stage.view;
    return {
      px,
      py,
      x: x[0] + (px / width) * (x[1] - x[0]),
      y: y[0] + (py / height) * (y[1] - y[0]),
    };
  }

  nearest(point) {
    const { x, width } = this.stage.view;
    const reach = (REACH * (x[1] - x[0])) / width;
    return this.stage.markersShown ? nearestMarker(this.stage.markers, point.x, point.y, reach) : -1;
  }

  press(event) {
    if (event.button > 1) return;
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const start = this.at(event);
    const tool = event.button === 1 ? "pan" : this.stage.tool;
    const base = this.stage.markers.mask;
    const grabs = tool === "move" || (this.stage.reciprocal && tool === "pan" && !event.button);
    const grabbed = grabs ? this.nearest(start) : -1;
    const { x, y } = this.stage.view;
    this.drag = { start, tool, base, grabbed, ranges: { x, y }, path: [start], moved: false };
    if (grabbed >= 0) this.drag.from = this.stage.markers.place(grabbed);
    this.drag.mode = event.shiftKey ? "add" : event.altKey ? "remove" : "replace";
    event.preventDefault();
  }

  move(event) {
    const now = this.at(event);
    const drag = this.drag;
    if (!drag) {
      this.stage.hover(now, this.nearest(now));
      return;
    }
    const far = Math.hypot(now.px - drag.start.px, now.py - drag.start.py) >= CLICK;
    drag.moved = drag.moved || far;
    if (!drag.moved) return;
    if (drag.grabbed >= 0) this.carry(now);
    else if (drag.tool === "pan") this.pan(now);
    else if (drag.tool === "lasso") this.sweep([...drag.path, now]);
    else if (["rectangle", "zoom"].includes(drag.tool)) this.sweep(this.corners(drag.start, now));
  }

  /** Move the marker that was grabbed; a reflection is followed while it moves. */
  carry({ x, y }) {
    this.drag.at = { x, y };
    this.stage.choices.preview(this.drag.grabbed, x, y);
    if (this.stage.reciprocal) this.stage.choices.tellMoving();
  }

  /** Keep the marker that is held where the mouse has it, though Python sent the markers anew. */
  hold() {
    if (this.drag?.at) this.stage.choices.preview(this.drag.grabbed, this.drag.at.x, this.drag.at.y);
  }

  pan(now) {
    const { view } = this.stage;
    const { start, ranges } = this.drag;
    const dx = ((start.px - now.px) / view.width) * (ranges.x[1] - ranges.x[0]);
    const dy = ((start.py - now.py) / view.height) * (ranges.y[1] - ranges.y[0]);
    this.canvas.style.cursor = "grabbing";
    this.stage.glide(shiftRanges(ranges, dx, dy));
  }

  corners(a, b) {
    const corner = (x, y) => ({ x: x.x, px: x.px, y: y.y, py: y.py });
    return [a, corner(b, a), b, corner(a, b)];
  }

  sweep(path) {
    this.drag.path = path;
    this.stage.rubber(path.map((p) => [p.px, p.py]));
    if (this.drag.tool !== "zoom") this.choose(false);
  }

  /** Select what lies inside the path; `final` when the button is up. */
  choose(final) {
    const { path, base, mode, tool } = this.drag;
    const mask = maskInside(this.stage.markers, path.map((p) => [p.x, p.y]));
    this.stage.choices.select(this.combine(base, mask, mode), { tool, mode, path: this.extent(path), final });
  }

  combine(base, mask, mode) {
    if (mode === "replace") return mask;
    return base.map((was, i) => (mode === "add" ? was | mask[i] : was & ~mask[i]));
  }

  extent(path) {
    const along = (axis) => path.map((p) => p[axis]);
    const range = (values) => [Math.min(...values), Math.max(...values)];
    return { x: range(along("x")), y: range(along("y")) };
  }

  release(event) {
    const drag = this.drag;
    if (!drag) return;
    const now = this.at(event);
    if (!drag.moved) this.click(now);
    else if (drag.grabbed >= 0)
      this.stage.choices.edit("move", { index: drag.grabbed, x: now.x, y: now.y });
    else if (drag.tool === "zoom") this.stage.ask(this.extent(drag.path));
    else if (drag.tool === "rectangle" || drag.tool === "lasso") this.choose(true);
    this.finish();
  }

  cancel() {
    if (this.drag?.at) this.putBack();
    else if (this.drag?.moved && this.drag.tool === "pan") this.stage.glide(this.drag.ranges);
    if (this.drag && this.drag.tool !== "pan") this.stage.choices.reset(this.drag.base);
    this.finish();
  }

  putBack() {
    const { grabbed, from } = this.drag;
    this.stage.choices.preview(grabbed, from.x, from.y);
    if (this.stage.reciprocal) this.stage.choices.edit("move", { index: grabbed, ...from });
  }

  finish() {
    this.drag = null;
    this.stage.rubber(null);
    this.cursor();
  }

  cursor() {
    this.canvas.style.cursor = CURSORS[this.stage.tool] ?? "crosshair";
  }

  click(now) {
    const { tool, base, mode } = this.drag;
    const index = this.nearest(now);
    if (tool === "add") this.stage.choices.edit("add", { x: now.x, y: now.y });
    else if (tool === "delete" && index >= 0) this.stage.choices.edit("delete", { index });
    else if (!["delete", "move", "zoom"].includes(tool)) {
      const mask = new Uint8Array(base.length);
      if (index >= 0) mask[index] = 1;
      const toggled = index >= 0 && mode === "add" && base[index] ? "remove" : mode;
      this.stage.choices.select(this.combine(base, mask, toggled), { tool: "click", mode, final: true });
      const hit = index >= 0 ? index : undefined;
      if (tool === "pan") this.stage.choices.edit("click", { index: hit, x: now.x, y: now.y });
    }
  }

  wheel(event) {
    event.preventDefault();
    const { x, y } = this.at(event);
    const notches = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    const factor = Math.exp(Math.max(-240, Math.min(240, notches)) * 0.0015);
    this.stage.glide(zoomRanges(this.stage.view, factor, x, y));
  }

  key(event) {
    const { view } = this.stage;
    const step = 0.1 * (view.x[1] - view.x[0]);
    const pans = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const zoom = (factor) => {
      const middle = ([a, b]) => (a + b) / 2;
      this.stage.glide(zoomRanges(view, factor, middle(view.x), middle(view.y)));
    };
    const control = event.ctrlKey || event.metaKey;
    if (pans[event.key]) {
      const [dx, dy] = pans[event.key];
      this.stage.glide(shiftRanges(view, dx * step, dy * step));
    } else if (event.key === "+" || event.key === "=") zoom(0.8);
    else if (event.key === "-" && !control) zoom(1.25);
    else if (event.key === "0" && !control) this.stage.home();
    else if (event.key === "Delete" || event.key === "Backspace") this.stage.choices.edit("delete", {});
    else if (event.key === "Escape") this.escape();
    else if (control && event.key.toLowerCase() === "z") this.stage.choices.edit(event.shiftKey ? "redo" : "undo", {});
    else if (control && event.key.toLowerCase() === "a") this.all();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  escape() {
    if (this.drag) this.cancel();
    else this.stage.choices.select(new Uint8Array(this.stage.markers.count), { tool: "click", mode: "replace", final: true });
  }

  all() {
    const mask = new Uint8Array(this.stage.markers.count).fill(1);
    this.stage.choices.select(mask, { tool: "all", mode: "replace", final: true });
  }
}
