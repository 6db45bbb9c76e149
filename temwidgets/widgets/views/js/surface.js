// A canvas that takes a drawing context when it is seen and gives it back when it is not: a page has
// few of them. What is drawn on it is told by a subclass: `name`, `renewed`, `woken`, `resize`.

const HIDDEN_FOR = 3000;

class Surface {
  constructor(model, el, signal) {
    Object.assign(this, { model, el, signal });
    this.drawn = 0;
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
    this.renewed();
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
    this.woken();
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
}
