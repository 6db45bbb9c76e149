// Which columns are selected, and what the mouse does to them: drawn here at once, told to Python.

const SEND_EVERY = 60;

class Choices {
  constructor(stage, model, signal) {
    Object.assign(this, { stage, model });
    this.sendMask = throttled(() => this.send(), SEND_EVERY, signal);
    this.tellMoving = throttled(() => this.sendMoving(), SEND_EVERY, signal);
  }

  /** Python tells which columns are selected; while the mouse selects, the mouse is right. */
  heard() {
    const { gestures, markers } = this.stage;
    if (gestures.drag?.moved) return;
    const states = asArray(this.model.get("states"), "uint8");
    if (states.length !== markers.count) return;
    markers.states.set(states);
    this.stage.restate();
  }

  reset(mask) {
    this.stage.markers.select(mask);
    this.stage.restate();
    this.choice = { mask, how: { tool: "undo" } };
    this.sendMask(true);
  }

  select(mask, how) {
    if (!this.stage.markers.count) return;
    if (!how.final) this.stage.pace.touch();
    this.stage.markers.select(mask);
    this.stage.restate();
    this.choice = { mask, how };
    this.sendMask(how.final);
  }

  send() {
    const { mask, how } = this.choice;
    const { tool, mode, path } = how;
    this.model.send({ type: "select", tool, mode, extent: path ?? null }, undefined, [mask.slice().buffer]);
  }

  /** Show a marker where the mouse has it, and the mate of a reflection opposite. */
  preview(index, x, y) {
    const { markers, reciprocal, painter } = this.stage;
    markers.move(index, x, y);
    if (reciprocal) markers.move((index + markers.count / 2) % markers.count, -x, -y);
    painter?.setMarkers(markers);
    this.stage.schedule();
  }

  /** A message that was put off does not come after the final one. */
  sendMoving() {
    const { grabbed, at } = this.stage.gestures.drag ?? {};
    if (at) this.edit("moving", { index: grabbed, ...at });
  }

  edit(type, details) {
    const { index, x, y } = details;
    const label = index === undefined ? null : this.stage.markers.labels[index];
    this.model.send({ type, label, x: x ?? null, y: y ?? null });
  }
}
