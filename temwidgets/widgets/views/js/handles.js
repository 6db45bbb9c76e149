// Named points over the canvas that the mouse or the arrow keys drag. They are elements of the page,
// so that the keyboard and a screen reader reach them.

class Handles {
  constructor(box, stage, signal) {
    Object.assign(this, { box, stage, signal });
    this.nodes = new Map();
    this.places = {};
    this.tell = throttled(() => this.send(false), SEND_EVERY, signal);
  }

  /** Take over places from Python, but not that of a handle the mouse holds. */
  read(records) {
    for (const [name, node] of this.nodes)
      if (!(name in records)) {
        node.remove();
        this.nodes.delete(name);
      }
    const held = this.held && this.places[this.held];
    this.places = { ...records };
    if (held && this.held in records) this.places[this.held] = held;
    for (const [name, { colour, label }] of Object.entries(records)) {
      if (!this.nodes.has(name)) this.nodes.set(name, this.make(name));
      const node = this.nodes.get(name);
      node.style.setProperty("--handle", colour);
      if (node.firstChild.textContent !== label) node.firstChild.textContent = label;
    }
  }

  make(name) {
    const node = element("div", "tem-handle", this.box);
    node.tabIndex = 0;
    node.dataset.name = name;
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", `Handle ${name}: drag it, or move it with the arrow keys`);
    element("span", "", node);
    const on = (type, act, options) =>
      node.addEventListener(type, act.bind(this), { signal: this.signal, ...options });
    on("pointerdown", (event) => this.press(event, name, node));
    on("pointermove", (event) => this.held === name && this.drag(event));
    on("pointerup", () => this.release());
    on("pointercancel", () => this.release());
    on("wheel", (event) => this.stage.gestures.wheel(event), { passive: false });
    on("keydown", (event) => this.key(event, name));
    return node;
  }

  press(event, name, node) {
    if (event.button > 0) return;
    event.preventDefault();
    event.stopPropagation();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    const at = this.stage.gestures.at(event);
    const { x, y } = this.places[name];
    this.held = name;
    this.grip = { x: x - at.x, y: y - at.y };
  }

  drag(event) {
    const at = this.stage.gestures.at(event);
    this.move(this.held, at.x + this.grip.x, at.y + this.grip.y);
    this.tell();
  }

  release() {
    if (!this.held) return;
    this.send(true);
    this.held = null;
  }

  move(name, x, y) {
    this.last = name;
    this.places[name] = { ...this.places[name], x, y };
    this.place(this.stage.view);
    this.stage.hover({ x, y });
  }

  /** Arrow keys move by a screen pixel, with Shift by ten. */
  key(event, name) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!steps[event.key]) return;
    const { x, width } = this.stage.view;
    const step = ((event.shiftKey ? 10 : 1) * (x[1] - x[0])) / width;
    const [across, down] = steps[event.key];
    const at = this.places[name];
    this.move(name, at.x + across * step, at.y + down * step);
    this.send(true);
    event.preventDefault();
    event.stopPropagation();
  }

  /** A message that was put off does not come after the final one. */
  send(final) {
    const name = this.held ?? (final ? this.last : null);
    if (!name) return;
    const { x, y } = this.places[name];
    this.stage.model.send({ type: "handle", name, x, y, final });
  }

  place(view) {
    for (const [name, node] of this.nodes) {
      const { x, y } = this.places[name];
      const px = ((x - view.x[0]) / (view.x[1] - view.x[0])) * view.width;
      const py = ((y - view.y[0]) / (view.y[1] - view.y[0])) * view.height;
      const transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)`;
      if (node.style.transform !== transform) node.style.transform = transform;
    }
  }
}
