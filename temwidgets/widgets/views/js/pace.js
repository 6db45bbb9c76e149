// How sharply pictures are drawn while they move: on machines without a graphics card coarsely, and
// the axes follow a little later; at rest all is sharp.

const SLOW = 12; // ms a frame
const AT_REST = 160; // ms after the last move

class Pace {
  constructor() {
    this.moved = -Infinity;
    this.times = [];
    this.slow = undefined; // not known yet
    this.coarse = 1;
  }

  touch() {
    this.moved = performance.now();
  }

  get gliding() {
    return performance.now() - this.moved < AT_REST;
  }

  /** Give the canvas its pixels for a frame; `later` draws again once the picture rests. */
  fit(canvas, view, later) {
    this.thin = Boolean(this.gliding && this.slow); // leave out what takes long to draw
    this.ratio = (this.thin ? this.coarse : 1) * (window.devicePixelRatio || 1);
    const size = [view.width, view.height].map((v) => Math.round(v * this.ratio));
    if (canvas.width !== size[0]) canvas.width = size[0];
    if (canvas.height !== size[1]) canvas.height = size[1];
    clearTimeout(this.sharpen);
    if (this.thin) this.sharpen = setTimeout(later, AT_REST + 20);
  }

  /** Find out, from three frames, whether this machine draws slowly. */
  judge(milliseconds) {
    this.times.push(milliseconds);
    if (this.times.length < 3) return;
    const least = Math.min(...this.times);
    this.slow = least > SLOW;
    this.coarse = Math.max(0.33, Math.sqrt((0.4 * SLOW) / least));
  }
}
