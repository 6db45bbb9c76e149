// Image and markers in WebGL2: the image as a half-float texture with mipmaps (without them an
// image of a lattice aliases into a false lattice). Many markers are drawn as points; few, at high
// zoom, as quads, for a point vanishes as a whole once its centre leaves the canvas. No instancing:
// software GL makes a draw call of each instance (30,000 take 0.3 s).

// Floats of a corner: place, shape, value, state. Most markers drawn as quads.
const CORNER = 7;
const FEW = 4000;
// Below this radius (canvas pixels) a marker is a plain dot.
const TINY = 1.5;

const COVER = `#version 300 es
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  place = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
}`;

const IMAGE = `#version 300 es
precision highp float;
uniform highp sampler2D image;
uniform sampler2D colours;
uniform vec4 window;
uniform vec2 limits;
uniform float gamma;
in vec2 place;
out vec4 colour;
void main() {
  vec2 at = window.xy + window.zw * place;
  float value = texture(image, at).r;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0)))) { colour = vec4(0.0); return; }
  float t = clamp((value - limits.x) * limits.y, 0.0, 1.0);
  if (gamma != 1.0) t = pow(t, gamma);
  colour = vec4(texelFetch(colours, ivec2(int(t * 255.0 + 0.5), 0), 0).rgb, 1.0);
}`;

const MARKER = `
precision highp float;
uniform vec4 view;
uniform vec2 size;
uniform float radius;
uniform float contour;
uniform float stroke;
uniform int mode;
uniform vec2 limits;
uniform vec3 plain;
uniform vec3 chosen;
uniform float opacity;
uniform bool dimming;
uniform sampler2D colours;
layout(location = 0) in vec2 place;
layout(location = 1) in vec3 shape;
layout(location = 2) in float value;
layout(location = 3) in float state;
#ifdef QUADS
out vec2 offset;
#else
flat out float extent;
#endif
flat out vec2 axes;
flat out vec4 inner;
flat out vec4 line;
flat out float kind;
void main() {
  int bits = int(state + 0.5);
  bool selected = (bits & 1) == 1;
  bool flagged = (bits & 2) == 2;
  bool ellipse = contour > 0.0 && shape.x > 0.0 && shape.y > 0.0;
  axes = ellipse ? shape.xy * contour : vec2(radius * (selected ? 1.25 : 1.0));
  kind = flagged && !ellipse ? 2.0 : ellipse ? 1.0 : 0.0;
  float t = mode == 1 ? clamp((value - limits.x) / (limits.y - limits.x), 0.0, 1.0)
                      : mod(value, 256.0) / 255.0;
  vec3 tone = mode == 0 ? plain : texelFetch(colours, ivec2(int(t * 255.0 + 0.5), 0), 0).rgb;
  bool missing = mode > 0 && !(value > -3.0e38);
  if (missing) tone = vec3(0.6);
  bool filled = mode > 0 && !ellipse && !missing;
#ifdef DOTS
  vec3 rim = selected && mode == 0 ? chosen : tone;
#else
  vec3 rim = selected ? (mode > 0 ? vec3(1.0) : chosen) : filled ? tone * 0.25 : tone;
#endif
  float inside = filled ? 1.0 : selected ? (ellipse ? 0.25 : 0.55) : radius < 2.2 * stroke ? 0.9 : 0.0;
  float strength = opacity * (dimming && !selected ? 0.45 : 1.0);
  inner = vec4(selected && mode == 0 ? chosen : tone, inside * strength);
  line = vec4(rim, strength);
  vec2 reach = axes * (kind == 2.0 ? 1.3 : 1.0) + 0.5 * stroke + 1.0;
  vec2 pixel = (place - view.xy) * view.zw;
#ifdef QUADS
  float turn = ellipse ? shape.z : 0.0;
  offset = (vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1) * 2.0 - 1.0) * reach;
  pixel += vec2(cos(turn) * offset.x - sin(turn) * offset.y, sin(turn) * offset.x + cos(turn) * offset.y);
#else
  extent = reach.x;
  gl_PointSize = 2.0 * extent;
#endif
  gl_Position = vec4(2.0 * pixel.x / size.x - 1.0, 1.0 - 2.0 * pixel.y / size.y, 0.0, 1.0);
}`;

const RING = `
precision highp float;
uniform float stroke;
#ifdef QUADS
in vec2 offset;
#else
flat in float extent;
#endif
flat in vec2 axes;
flat in vec4 inner;
flat in vec4 line;
flat in float kind;
out vec4 colour;
void main() {
#ifndef QUADS
  vec2 offset = (2.0 * gl_PointCoord - 1.0) * extent;
#endif
#ifdef DOTS
  colour = vec4(line.rgb, 1.0) * line.a * clamp(axes.x + 0.8 - length(offset), 0.0, 1.0);
#else
  float d;
  if (kind == 2.0) d = (abs(offset.x) + abs(offset.y) - 1.3 * axes.x) * 0.7071;
  else if (kind == 1.0) {
    float near = length(offset / axes);
    d = near * (near - 1.0) / max(length(offset / (axes * axes)), 1e-6);
  } else d = length(offset) - axes.x;
  float ring = clamp(0.5 + stroke * 0.5 - abs(d), 0.0, 1.0) * line.a;
  float halo = clamp(1.0 + stroke * 0.5 - abs(d), 0.0, 1.0) * line.a * 0.45;
  float fill = clamp(0.5 - d, 0.0, 1.0) * inner.a;
  vec4 result = vec4(inner.rgb * fill, fill);
  result = vec4(0.0, 0.0, 0.0, halo) + result * (1.0 - halo);
  colour = vec4(line.rgb * ring, ring) + result * (1.0 - ring);
#endif
}`;

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
    if (this.markers?.count && style.showMarkers) this.drawMarkers(view, style);
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
