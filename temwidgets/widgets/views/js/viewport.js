// Which part of the image is shown, equally scaled along x and y. The browser alone decides it: what
// Python wants comes as a message, what is shown goes back as one, and the scales of the figure only
// follow. So when Python sets a scale, late or as an echo, it is put back; it cannot be a wish.

const TELL_EVERY = 100;
const AXES_EVERY = 80;

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
  constructor(scales, signal, redraw, tell) {
    Object.assign(this, { scales, signal, redraw });
    this.view = { x: [0, 1], y: [0, 1], width: 0, height: 0 };
    this.lazy = false;
    this.tell = throttled(() => tell(this.view), TELL_EVERY, signal);
    this.moveScales = throttled(() => this.setScales(), AXES_EVERY, signal);
    for (const axis of ["x", "y"])
      for (const end of ["min", "max"]) scales[axis].on(`change:${end}`, () => this.scaled());
  }

  resize(width, height) {
    Object.assign(this.view, { width, height });
    this.ask(this.wanted ?? this.scaleRanges());
  }

  scaleRanges() {
    const range = (scale) => [scale.get("min"), scale.get("max")];
    return { x: range(this.scales.x), y: range(this.scales.y) };
  }

  /** Somebody else moved a scale: another view of this figure, or Python. */
  scaled() {
    if (this.signal.aborted || !this.view.width || this.scales.moving === this) return;
    if (this.scales.moving) this.adopt();
    else this.setScales();
  }

  /** Python asks for ranges; that of one axis alone is shown exactly, and the other follows. */
  answer({ x, y }) {
    if (this.signal.aborted) return;
    if (!this.view.width) {
      // not laid out yet: what is wanted is shown as soon as it is
      if (x && y) this.wanted = { x, y };
      return;
    }
    this.ask({ x: x ?? this.view.x, y: y ?? this.view.y }, x && y ? undefined : x ? "x" : "y");
    this.setScales();
    this.tell(true);
  }

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
    this.tell();
    this.redraw();
  }

  setScales() {
    this.scales.moving = this;
    for (const axis of ["x", "y"])
      this.scales[axis].set({ min: this.view[axis][0], max: this.view[axis][1] });
    this.scales.moving = null;
  }
}
