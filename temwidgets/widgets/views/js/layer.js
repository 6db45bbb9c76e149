// The image layer of a view: follows the two scales of the bqplot figure that lies over it.
// The other files of this folder stand before this one in the module.

/** One record for the scales of a figure, shared by all its views. */
const SCALES = new Map();

async function scalesOf(model, host) {
  const ids = [model.get("x_scale"), model.get("y_scale")];
  const key = ids.join(" ");
  if (!SCALES.has(key)) SCALES.set(key, { moving: null });
  const open = (id) => host.getModel(id.replace("IPY_MODEL_", "anywidget:"));
  const [x, y] = await Promise.all(ids.map(open));
  const shared = SCALES.get(key);
  return {
    x,
    y,
    get moving() {
      return shared.moving;
    },
    set moving(value) {
      shared.moving = value;
    },
  };
}

function saveFile(content, buffers) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([buffers[0]], { type: content.mime }));
  link.download = content.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Ranges that Python has asked of a layer while nobody could answer: its view was being made. */
const WISHES = new Map();

export default {
  initialize({ model }) {
    model.on("msg:custom", (content, buffers) => {
      if (content.type === "download") saveFile(content, buffers);
      if (content.type === "ask") WISHES.set(model, content);
    });
  },
  async render({ model, el, host, signal }) {
    const scales = await scalesOf(model, host);
    if (signal.aborted) return;
    const stage = new Stage(model, scales, el, signal);
    const answer = (content) => {
      stage.port.answer(content);
      WISHES.delete(model);
    };
    if (WISHES.has(model)) answer(WISHES.get(model));
    model.on("msg:custom", (content) => content.type === "ask" && answer(content));
  },
};
