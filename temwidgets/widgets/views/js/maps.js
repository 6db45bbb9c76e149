// Maps of values laid over the image: two half floats a texel, the value times whether there is
// one, and whether there is one, so that filtering does not smear missing values.

function readMaps(records) {
  return Object.entries(records).map(([name, record]) => {
    const picture = new Picture(record);
    picture.name = name;
    picture.table = asArray(record.lut, "uint8");
    return picture;
  });
}

class GlMaps {
  constructor(gl, program) {
    this.gl = gl;
    this.program = program(COVER, OVERLAY_MAP);
    this.kept = [];
  }

  set(maps) {
    for (const { values, colours } of this.kept) {
      this.gl.deleteTexture(values);
      this.gl.deleteTexture(colours);
    }
    this.kept = maps.map((map) => ({ map, ...this.upload(map) }));
  }

  upload(map) {
    const { gl } = this;
    const [low, high] = map.limits;
    const pairs = new Float32Array(2 * map.raw.length);
    for (let i = 0; i < map.raw.length; i++) {
      const t = (map.offset + map.step * map.raw[i] - low) / (high - low || 1);
      if (t !== t) continue;
      pairs[2 * i] = Math.min(Math.max(t, 0), 1);
      pairs[2 * i + 1] = 1;
    }
    const values = this.texture(map.smooth ? gl.LINEAR : gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16F, map.width, map.height, 0, gl.RG, gl.FLOAT, pairs);
    const colours = this.texture(gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, map.table);
    return { values, colours };
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
    for (const { map, values, colours } of this.kept) {
      const { origin, edges } = map;
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
      gl.uniform1f(uniforms.alpha, map.alpha);
      gl.bindVertexArray(empty);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }
}

/** The same on a plain canvas. */
function drawMap(context, map, view) {
  map.canvas ??= tintMap(map);
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
  for (let i = 0; i < map.raw.length; i++) {
    const t = (map.offset + map.step * map.raw[i] - low) / (high - low || 1);
    if (t !== t) continue;
    const entry = 3 * Math.round(255 * Math.min(Math.max(t, 0), 1));
    pixels.data.set(map.table.subarray(entry, entry + 3), 4 * i);
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
