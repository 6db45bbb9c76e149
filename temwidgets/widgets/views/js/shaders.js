// The programs that run on the graphics card: the image under a window, and round, ring-shaped,
// elliptic or (flagged) diamond-shaped markers, drawn as QUADS, as points, or as tiny DOTS.

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
uniform bool hollow;
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
  bool filled = mode > 0 && !ellipse && !missing && !hollow;
#ifdef DOTS
  vec3 rim = selected && mode == 0 ? chosen : tone;
#else
  vec3 rim = selected ? (mode > 0 ? vec3(1.0) : chosen) : filled ? tone * 0.25 : tone;
#endif
  float inside = filled ? 1.0 : selected ? (ellipse || hollow ? 0.25 : 0.55) : radius < 2.2 * stroke ? 0.9 : 0.0;
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

const LINE = `#version 300 es
precision highp float;
uniform vec4 view;
uniform vec2 size;
uniform float width;
uniform float head;
uniform bool thin;
layout(location = 0) in vec4 ends;
layout(location = 1) in vec4 tint;
out vec2 place;
flat out vec2 form;
flat out vec4 tone;
void main() {
  vec2 from = (ends.xy - view.xy) * view.zw;
  vec2 to = (ends.zw - view.xy) * view.zw;
  float span = distance(from, to);
  vec2 along = span > 1e-3 ? (to - from) / span : vec2(1.0, 0.0);
  form = vec2(span, min(head, span));
  tone = tint;
  float edge = 0.5 * width + 2.0;
  float reach = max(0.45 * form.y + 2.0, edge);
  vec2 corner = vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1);
  place = thin ? vec2(span * corner.x, 0.0)
               : vec2(mix(-edge, span + edge, corner.x), mix(-reach, reach, corner.y));
  vec2 pixel = from + along * place.x + vec2(-along.y, along.x) * place.y;
  gl_Position = vec4(2.0 * pixel.x / size.x - 1.0, 1.0 - 2.0 * pixel.y / size.y, 0.0, 1.0);
}`;

const STROKE = `#version 300 es
precision highp float;
uniform float width;
uniform float shade;
in vec2 place;
flat in vec2 form;
flat in vec4 tone;
out vec4 colour;
void main() {
  float shaft = max(form.x - form.y, 0.0);
  float d = length(vec2(place.x - clamp(place.x, 0.0, shaft), place.y)) - 0.5 * width;
  if (form.y > 0.0) {
    float side = (abs(place.y) - 0.45 * (form.x - place.x)) * 0.912;
    d = min(d, max(side, shaft - place.x));
  }
  float line = clamp(0.5 - d, 0.0, 1.0) * tone.a;
  float halo = clamp(1.5 - d, 0.0, 1.0) * tone.a * shade;
  if (halo <= 0.0) discard;
  colour = vec4(tone.rgb * line, line + halo * (1.0 - line));
}`;

const OVERLAY_MAP = `#version 300 es
precision highp float;
uniform highp sampler2D values;
uniform sampler2D colours;
uniform vec4 window;
uniform vec2 limits;
uniform vec2 lit;
uniform float alpha;
uniform float unlit;
in vec2 place;
out vec4 colour;
void main() {
  vec2 at = window.xy + window.zw * place;
  vec2 pair = texture(values, at).rg;
  bool outside = any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0)));
  if (outside || pair.g < 0.5) { colour = vec4(0.0); return; }
  float value = pair.r / pair.g;
  float width = limits.y - limits.x;
  float t = clamp((value - limits.x) / (width == 0.0 ? 1.0 : width), 0.0, 1.0);
  float shown = value >= lit.x && value < lit.y ? alpha : unlit;
  colour = vec4(texelFetch(colours, ivec2(int(t * 255.0 + 0.5), 0), 0).rgb, 1.0) * shown;
}`;
