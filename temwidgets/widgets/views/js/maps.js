// Maps of values laid over the image: two half floats a texel, the value times whether there is
// one, and whether there is one, so that filtering does not smear missing values. Values are sent
// once; colours, limits, opacity and the range that is lit may change while the mouse moves.

// Opacity that values outside the range that is lit keep.
const UNLIT = 0.12;
const NOWHERE_DARK = [-1e30, 1e30];

/** Make the maps of a model; those of the same version keep their data. */
function readMaps(records, looks, known) {
  const shown = Object.entries(records).filter(([name]) => name in looks);
  return shown.map(([name, record]) => {
    const old = known.find((map) => map.name === name && map.version === record.version);
    const map = old ?? Object.assign(new Picture(record), { name });
    Object.assign(map, looks[name], { table: asArray(looks[name].lut, "uint8") });
    map.look = JSON.stringify([map.limits, map.lit, map.legend.gradient]);
    return map;
  });
}

/** Value of a map at an index of its pixels; NaN where it has none. */
function mapValue(map, i) {
  return map.missing && map.raw[i] === 0 ? NaN : map.offset + map.step * map.raw[i];
}

/** Text for the cursor readout: title and value of each map that has one here. */
function readMapsAt(maps, x, y) {
  const parts = [];
  for (const map of maps) {
    const i = map.indexAt(x, y);
    const value = i === null ? NaN : mapValue(map, i);
    if (map.legend.title && value === value) parts.push(`${map.legend.title} ${Number(value.toPrecision(5))}`);
  }
  return parts;
}

class GlMaps {
  constructor(gl, program) {
    this.gl = gl;
    this.program = program(COVER, OVERLAY_MAP);
    this.kept = new Map();
  }

  set(maps) {
    const { gl } = this;
    for (const [map, { values, colours }] of this.kept)
      if (!maps.includes(map)) {
        gl.deleteTexture(values);
        gl.deleteTexture(colours);
      }
    this.kept = new Map(maps.map((map) => [map, this.upload(map, this.kept.get(map))]));
  }

  upload(map, old) {
    const { gl } = this;
    const made = old ?? { values: this.values(map), colours: this.texture(gl.NEAREST) };
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, made.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, map.table);
    return made;
  }

  /** Values relative to the middle of their bulk, in units of its width: half floats are fine there. */
  values(map) {
    const { gl } = this;
    const pairs = new Float32Array(2 * map.raw.length);
    const [middle, width] = map.bulk;
    for (let i = 0; i < map.raw.length; i++) {
      const value = (mapValue(map, i) - middle) / width;
      if (value !== value) continue;
      pairs[2 * i] = Math.min(Math.max(value, -6e4), 6e4);
      pairs[2 * i + 1] = 1;
    }
    const texture = this.texture(map.smooth ? gl.LINEAR : gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16F, map.width, map.height, 0, gl.RG, gl.FLOAT, pairs);
    return texture;
  }

  texture(filter) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }

  draw(view, empty) {
    const { gl } = this;
    const { program, uniforms } = this.program;
    for (const [map, { values, colours }] of this.kept) {
      const { origin, edges } = map;
      const [middle, width] = map.bulk;
      const scaled = (range) => range.map((v) => (v - middle) / width);
      gl.useProgram(program);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, values);
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, colours);
      gl.uniform1i(uniforms.values, 0);
      gl.uniform1i(uniforms.colours, 1);
      gl.uniform4f(
        uniforms.window,
        (view.x[0] - origin[1] - edges.left) / edges.width,
        (view.y[0] - origin[0] - edges.top) / edges.height,
        (view.x[1] - view.x[0]) / edges.width,
        (view.y[1] - view.y[0]) / edges.height,
      );
      gl.uniform2f(uniforms.limits, ...scaled(map.limits));
      gl.uniform2f(uniforms.lit, ...(map.lit ? scaled(map.lit) : NOWHERE_DARK));
      gl.uniform1f(uniforms.alpha, map.alpha);
      gl.uniform1f(uniforms.unlit, UNLIT * map.alpha);
      gl.bindVertexArray(empty);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }
}

/** The same on a plain canvas. */
function drawMap(context, map, view) {
  if (map.tinted !== map.look) [map.canvas, map.tinted] = [tintMap(map), map.look];
  const { origin, edges } = map;
  const across = context.canvas.width / (view.x[1] - view.x[0]);
  const down = context.canvas.height / (view.y[1] - view.y[0]);
  context.imageSmoothingEnabled = map.smooth;
  context.globalAlpha = map.alpha;
  const [left, top] = [origin[1] + edges.left - view.x[0], origin[0] + edges.top - view.y[0]];
  context.drawImage(map.canvas, left * across, top * down, edges.width * across, edges.height * down);
  context.globalAlpha = 1;
}

function tintMap(map) {
  const canvas = new OffscreenCanvas(map.width, map.height);
  const pixels = new ImageData(map.width, map.height);
  const [low, high] = map.limits;
  const [from, until] = map.lit ?? NOWHERE_DARK;
  for (let i = 0; i < map.raw.length; i++) {
    const value = mapValue(map, i);
    const t = (value - low) / (high - low || 1);
    if (t !== t) continue;
    const entry = 3 * Math.round(255 * Math.min(Math.max(t, 0), 1));
    pixels.data.set(map.table.subarray(entry, entry + 3), 4 * i);
    pixels.data[4 * i + 3] = value >= from && value < until ? 255 : 255 * UNLIT;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
