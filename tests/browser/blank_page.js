// Mounts the image layer's ES module in a blank page, with models that only keep their state.
async ({ esm, state, x, y, width, height, early }) => {
  class Model {
    constructor(values) {
      this.values = values;
      this.handlers = [];
      this.sent = [];
    }
    get(name) {
      return this.values[name];
    }
    set(name, value) {
      const given = typeof name === "object" ? name : { [name]: value };
      Object.assign(this.values, given);
      for (const key of Object.keys(given)) this.fire(`change:${key}`);
    }
    on(names, act) {
      for (const name of names.split(" ")) this.handlers.push([name, act]);
    }
    off() {}
    fire(name, ...details) {
      for (const [key, act] of this.handlers) if (key === name) act(...details);
    }
    save_changes() {
      this.saved = (this.saved ?? 0) + 1;
    }
    send(content, _, buffers = []) {
      this.sent.push([content, buffers.map((b) => Array.from(new Uint8Array(b)))]);
    }
  }
  const decode = (value) => {
    if (Array.isArray(value)) return value.map(decode);
    if (value === null || typeof value !== "object") return value;
    if ("base64" in value) {
      const bytes = Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0));
      return new DataView(bytes.buffer);
    }
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decode(v)]));
  };
  window.decode = decode;
  window.ending?.abort();
  window.ending = new AbortController();
  const models = { x: new Model({ min: x[0], max: x[1] }), y: new Model({ min: y[0], max: y[1] }) };
  window.models = models;
  window.layer = new Model({ ...decode(state), x_scale: `IPY_MODEL_x${Math.random()}`, y_scale: "IPY_MODEL_y" });
  const host = { getModel: async (ref) => models[ref.replace("anywidget:", "")[0]] };
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  document.body.style.margin = "0";
  Object.assign(el.style, { width: `${width}px`, height: `${height}px` });
  const style = document.createElement("style");
  style.textContent = ".tem-layer{position:relative}.tem-plot{position:absolute;overflow:hidden}" +
    ".tem-plot canvas{display:block;width:100%;height:100%}.tem-readout{position:absolute}" +
    ".tem-handle{position:absolute;left:-11px;top:-11px;width:22px;height:22px}" +
    ".tem-legends{position:absolute;top:0;right:0}";
  document.body.append(style);
  const module = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
  module.default.initialize({ model: window.layer });
  if (early) window.layer.fire("msg:custom", early, []);
  await module.default.render({ model: window.layer, el, host, signal: window.ending.signal });
}
