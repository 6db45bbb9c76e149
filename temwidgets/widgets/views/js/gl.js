// Image and markers in WebGL2: the image as a half-float texture with mipmaps (without them an
// image of a lattice aliases into a false lattice). Many markers are drawn as points; few, at high
// zoom, as quads, for a point vanishes as a whole once its centre leaves the canvas. No instancing:
// software GL makes a draw call of each instance (30,000 take 0.3 s).

// Floats of a corner: place, shape, value, state. Most markers drawn as quads.
const CORNER = 7;
const FEW = 4000;
// Below this radius (canvas pixels) a marker is a plain dot.
const TINY = 1.5;

class GlPainter {
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (!gl) throw new Error("WebGL2 is missing");
    this.gl = gl;
    this.mipmaps = Boolean(
      gl.getExtension("EXT_color_buffer_float") || gl.getExtension("EXT_color_buffer_half_float"),
    );
    this.image = this.program(COVER, IMAGE);
    const points = "#version 300 es\n";
    const quads = `${points}#define QUADS\n`;
    this.points = this.program(points + MARKER, points + RING);
    this.quads = this.program(quads + MARKER, quads + RING);
    const dots = `${points}#define DOTS\n`;
    this.dots = this.program(dots + MARKER, dots + RING);
    this.textures = { image: gl.createTexture(), colours: gl.createTexture(), tones: gl.createTexture() };
    this.buffers = Object.fromEntries(
      ["places", "values", "states", "corners", "order"].map((name) => [name, gl.createBuffer()]),
    );
    this.empty = gl.createVertexArray();
    this.all = this.layOut([
      ["places", 2, gl.FLOAT, 20, 0],
      ["places", 3, gl.FLOAT, 20, 8],
      ["values", 1, gl.FLOAT, 0, 0],
      ["states", 1, gl.UNSIGNED_BYTE, 0, 0],
    ]);
    const stride = 4 * CORNER;
    this.near = this.layOut([
      ["corners", 2, gl.FLOAT, stride, 0],
      ["corners", 3, gl.FLOAT, stride, 8],
      ["corners", 1, gl.FLOAT, stride, 20],
      ["corners", 1, gl.FLOAT, stride, 24],
    ]);
    this.orderCorners();
    const program = (vertex, fragment) => this.program(vertex, fragment);
    this.lines = new GlLines(gl, program);
    this.maps = new GlMaps(gl, program);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  program(vertex, fragment) {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
        throw new Error(gl.getShaderInfoLog(shader));
    }
    gl.linkProgram(program);
    const uniforms = {};
    for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
      const { name } = gl.getActiveUniform(program, i);
      uniforms[name] = gl.getUniformLocation(program, name);
    }
    return { program, uniforms };
  }

  layOut(attributes) {
    const gl = this.gl;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    attributes.forEach(([buffer, size, type, stride, offset], index) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[buffer]);
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, size, type, false, stride, offset);
    });
    gl.bindVertexArray(null);
    return array;
  }

  /** Two triangles to each four corners. */
  orderCorners() {
    const gl = this.gl;
    const order = new Uint16Array(6 * FEW);
    for (let i = 0; i < FEW; i++) order.set([0, 1, 2, 2, 1, 3].map((c) => 4 * i + c), 6 * i);
    gl.bindVertexArray(this.near);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.order);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
  }

  get largest() {
    return this.gl.getParameter(this.gl.MAX_TEXTURE_SIZE);
  }

  setPicture(picture) {
    const gl = this.gl;
    const { values, low, span } = picture.normalised();
    this.picture = picture;
    [this.low, this.span] = [low, span];
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures.image);
    const { width, height } = picture;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16F, width, height, 0, gl.RED, gl.FLOAT, values);
    if (this.mipmaps) gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    const small = this.mipmaps ? gl.LINEAR_MIPMAP_NEAREST : gl.LINEAR;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, small);
  }

  setColours(name, bytes) {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, bytes);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  setMarkers(markers) {
    this.markers = markers;
    this.fill("places", markers.places);
    this.fill("values", markers.values);
    this.fill("states", markers.states);
  }

  setLines(sets) {
    this.lines.set(sets);
  }

  setMaps(maps) {
    this.maps.set(maps);
  }

  fill(name, data) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  }

  draw(view, style) {
    const gl = this.gl;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (this.picture) this.drawImage(view, style);
    this.maps.draw(view, this.empty);
    this.lines.draw(view, style, false);
    if (this.markers?.count && style.showMarkers) this.drawMarkers(view, style);
    this.lines.draw(view, style, true);
  }

  drawImage(view, style) {
    const gl = this.gl;
    const { program, uniforms } = this.image;
    const { origin, edges } = this.picture;
    gl.useProgram(program);
    gl.disable(gl.BLEND);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures.image);
    const large = style.smooth ? gl.LINEAR : gl.NEAREST;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, large);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.textures.colours);
    gl.uniform1i(uniforms.image, 0);
    gl.uniform1i(uniforms.colours, 1);
    gl.uniform4f(
      uniforms.window,
      (view.x[0] - origin[1] - edges.left) / edges.width,
      (view.y[0] - origin[0] - edges.top) / edges.height,
      (view.x[1] - view.x[0]) / edges.width,
      (view.y[1] - view.y[0]) / edges.height,
    );
    const [low, high] = style.limits.map((v) => (v - this.low) / this.span);
    gl.uniform2f(uniforms.limits, low, 1 / (high - low));
    gl.uniform1f(uniforms.gamma, style.gamma);
    gl.bindVertexArray(this.empty);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  drawMarkers(view, style) {
    const gl = this.gl;
    const visible = this.markers.within(view, style.contour > 0 ? 4 * this.markers.sigma : 0, FEW);
    const small = style.radius * style.ratio < TINY;
    const { program, uniforms } = visible ? this.quads : small ? this.dots : this.points;
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.textures.tones);
    this.setMarkerUniforms(uniforms, view, style);
    gl.bindVertexArray(visible ? this.near : this.all);
    if (!visible) {
      gl.drawArrays(gl.POINTS, 0, this.markers.count);
      return;
    }
    this.fill("corners", this.corners(visible));
    gl.drawElements(gl.TRIANGLES, 6 * visible.length, gl.UNSIGNED_SHORT, 0);
  }

  corners(indices) {
    const { places, values, states } = this.markers;
    const corners = new Float32Array(4 * CORNER * indices.length);
    indices.forEach((i, n) => {
      for (let corner = 0; corner < 4; corner++) {
        const start = CORNER * (4 * n + corner);
        for (let k = 0; k < 5; k++) corners[start + k] = places[5 * i + k];
        corners[start + 5] = values[i];
        corners[start + 6] = states[i];
      }
    });
    return corners;
  }

  setMarkerUniforms(uniforms, view, style) {
    const gl = this.gl;
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const across = width / (view.x[1] - view.x[0]);
    const down = height / (view.y[1] - view.y[0]);
    const { origin } = this.markers;
    gl.uniform1i(uniforms.colours, 1);
    gl.uniform4f(uniforms.view, view.x[0] - origin[1], view.y[0] - origin[0], across, down);
    gl.uniform2f(uniforms.size, width, height);
    gl.uniform1f(uniforms.radius, style.radius * style.ratio);
    gl.uniform1f(uniforms.contour, style.contour * across);
    gl.uniform1f(uniforms.stroke, style.stroke * style.ratio);
    gl.uniform1i(uniforms.mode, style.mode);
    gl.uniform2f(uniforms.limits, ...style.markerLimits);
    gl.uniform3f(uniforms.plain, ...style.plain);
    gl.uniform3f(uniforms.chosen, ...style.chosen);
    gl.uniform1f(uniforms.opacity, style.opacity);
    gl.uniform1i(uniforms.dimming, style.dimming ? 1 : 0);
    gl.uniform1i(uniforms.hollow, style.hollow ? 1 : 0);
  }

  /** Wait until all is drawn: for timing. */
  finish() {
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  /** Give the context back: a page may hold sixteen. */
  dispose() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
