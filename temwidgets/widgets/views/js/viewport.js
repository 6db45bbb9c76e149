// Which part of the image is shown: kept equally scaled along x and y, and in step with the two
// scales of the figure, which Python, the mouse and other views of the figure may all move.

const SAVE_EVERY = 100;
const AXES_EVERY = 80;
const TOGETHER = 150;
// Python echoes what the browser told it; while the width changes, an old echo is no wish.
const ECHOES_FOR = 3000;

/** Run at most once per `pause` ms; the last call always runs. */
function throttled(act, pause, signal) {
  let timer = null;
  let last = 0;
  const run = () => {
    timer = null;
    last = performance.now();
    if (!signal.aborted) act();
  };
  return (now = false) => {
    clearTimeout(timer);
    const wait = now ? 0 : Math.max(0, last + pause - performance.now());
    if (wait === 0) run();
    else timer = setTimeout(run, wait);
  };
}

class Viewport {
  constructor(scales, signal, redraw) {
    Object.assign(this, { scales, signal, redraw });
    this.view = { x: [0, 1], y: [0, 1], width: 0, height: 0 };
    this.asked = { x: -Infinity, y: -Infinity };
    this.lazy = false;
    this.pushed = [];
    this.saveScales = throttled(() => this.push(), SAVE_EVERY, signal);
    this.moveScales = throttled(() => this.setScales(), AXES_EVERY, signal);
    for (const axis of ["x", "y"])
      for (const end of ["min", "max"]) scales[axis].on(`change:${end}`, () => this.scaled(axis));
  }

  resize(width, height) {
    if (this.view.width && this.view.width !== width) this.resized = performance.now();
    Object.assign(this.view, { width, height });
    this.ask(this.wanted ?? this.scaleRanges());
  }

  scaleRanges() {
    const range = (scale) => [scale.get("min"), scale.get("max")];
    return { x: range(this.scales.x), y: range(this.scales.y) };
  }

  /** A scale was set from elsewhere: that axis is wanted so, the other follows; both, if both. */
  scaled(axis) {
    if (this.signal.aborted || this.scales.moving === this) return;
    if (this.scales.moving) {
      this.adopt();
      return;
    }
    if (this.isEcho(axis)) {
      this.saveScales();
      return;
    }
    const asked = this.asking?.[axis];
    if (asked && String(asked) === String(this.scaleRanges()[axis])) {
      this.saveScales();
      return;
    }
    const now = performance.now();
    this.asked[axis] = now;
    const other = axis === "x" ? "y" : "x";
    const exact = now - this.asked[other] > TOGETHER ? axis : undefined;
    cancelAnimationFrame(this.following);
    this.following = requestAnimationFrame(() => this.ask(this.merge(axis, exact), exact));
  }

  isEcho(axis) {
    if (!(performance.now() - this.resized < ECHOES_FOR)) return false;
    const now = String(this.scaleRanges()[axis]);
    const oldest = performance.now() - ECHOES_FOR;
    return this.pushed.some((old) => old.at > oldest && old[axis] === now);
  }

  merge(axis, exact) {
    const ranges = this.scaleRanges();
    if (exact) this.requested = { x: this.view.x, y: this.view.y };
    this.requested = { ...(this.requested ?? ranges), [axis]: ranges[axis] };
    return this.requested;
  }

  /** Python asks for ranges, before the scales themselves say so, one after the other. */
  answer({ x, y }) {
    this.asking = { x, y };
    this.wanted = null;
    this.ask({ x: x ?? this.view.x, y: y ?? this.view.y }, x && y ? undefined : x ? "x" : "y");
    this.saveScales(true);
  }

  /** Another view of this figure moved the scales. */
  adopt() {
    Object.assign(this.view, this.scaleRanges());
    this.redraw();
  }

  /** Show at least these ranges, equally scaled along x and y. */
  ask(ranges, exact) {
    const { width, height } = this.view;
    const valid = [...ranges.x, ...ranges.y].every(Number.isFinite);
    if (!width || !valid || ranges.x[1] <= ranges.x[0] || ranges.y[1] <= ranges.y[0]) return;
    const fitted = fitRanges(ranges.x, ranges.y, width, height, exact);
    this.show(fitted, exact ? fitted : ranges);
  }

  /** Show exactly these ranges (already of the right aspect). */
  show(ranges, wanted = ranges) {
    this.wanted = wanted;
    Object.assign(this.view, { x: ranges.x, y: ranges.y });
    if (this.lazy) this.moveScales();
    else this.setScales();
    this.saveScales();
    this.redraw();
  }

  setScales() {
    this.scales.moving = this;
    for (const axis of ["x", "y"])
      this.scales[axis].set({ min: this.view[axis][0], max: this.view[axis][1] });
    this.scales.moving = null;
  }

  push() {
    this.setScales();
    const at = performance.now();
    const told = { at, x: String(this.view.x), y: String(this.view.y) };
    this.pushed = [...this.pushed.filter((old) => old.at > at - ECHOES_FOR), told];
    this.scales.x.save_changes();
    this.scales.y.save_changes();
  }
}
