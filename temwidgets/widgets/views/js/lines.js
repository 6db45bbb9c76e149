// Sets of lines and arrows laid over the image. A segment is a quad that holds shaft and head; the
// fragment shader rounds and smooths them.

// While the picture moves on a machine that draws slowly (software GL), more than MANY segments are
// bare lines, and at most MOST of them are drawn, spread over all; at rest all is drawn.
const MANY = 2000;
const MOST = 10_000;
const STRIDE = 7919; // a prime, so that the first so many are spread over the set

/** Segments x0, y0, x1, y1 relative to an origin, with one colour each or one for all. */
class LineSet {
  constructor(record, name) {
    Object.assign(this, record);
    this.name = name;
    this.ends = asArray(record.ends, "float32");
    this.colours = asArray(record.colours, "uint8");
    this.count = this.ends.length / 4;
  }

  /** Start of a segment's colour. */
  colourAt(i) {
    return this.colours.length === 4 ? 0 : 4 * i;
  }
}

/** Make the sets of a model; those of the same version keep their data. */
function readLines(records, known) {
  return Object.entries(records).map(([name, record]) => {
    const old = known.find((set) => set.name === name && set.version === record.version);
    if (!old) return new LineSet(record, name);
    const { width, heads, shown } = record;
    return Object.assign(old, { width, heads, shown });
  });
}

/** Length of an arrow's head for a line width; never longer than the arrow. */
function headLength(width) {
  return 4 + 3.2 * width;
}

class GlLines {
  constructor(gl, program) {
    this.gl = gl;
    this.program = program(LINE, STROKE);
    this.kept = new Map();
    this.order = gl.createBuffer();
    this.ordered = 0;
  }

  /** Upload the sets that are new. */
  set(sets) {
    for (const [set, kept] of this.kept)
      if (!sets.includes(set)) {
        for (const buffer of [kept.buffer, kept.pairs]) this.gl.deleteBuffer(buffer);
        this.gl.deleteVertexArray(kept.array);
        this.kept.delete(set);
      }
    this.sets = sets;
    this.makeOrder(Math.max(0, ...sets.map((set) => set.count)));
    for (const set of sets) if (!this.kept.has(set)) this.kept.set(set, this.upload(set));
  }

  makeOrder(count) {
    if (count <= this.ordered) return;
    const order = new Uint32Array(6 * count);
    const corners = [0, 1, 2, 2, 1, 3];
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 6; c++) order[6 * i + c] = 4 * i + corners[c];
    }
    const { gl } = this;
    gl.bindVertexArray(null);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.order);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.STATIC_DRAW);
    this.ordered = count;
  }

  /** Four corners to each segment: five words, the ends and a colour. */
  upload(set) {
    const { gl } = this;
    const words = new Float32Array(20 * set.count);
    const bytes = new Uint8Array(words.buffer);
    for (let i = 0; i < set.count; i++) {
      const colour = set.colourAt(i);
      for (let corner = 0; corner < 4; corner++) {
        const start = 5 * (4 * i + corner);
        for (let k = 0; k < 4; k++) {
          words[start + k] = set.ends[4 * i + k];
          bytes[4 * (start + 4) + k] = set.colours[colour + k];
        }
      }
    }
    const array = gl.createVertexArray();
    const buffer = gl.createBuffer();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, words, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, 20, 0);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 20, 16);
    const pairs = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, pairs);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, this.thinned(set.count), gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    return { array, buffer, pairs };
  }

  /** Ends of the segments that are drawn in motion. */
  thinned(count) {
    const kept = count > MANY ? Math.min(count, MOST) : 0;
    const step = count % STRIDE ? STRIDE : 1;
    const pairs = new Uint32Array(2 * kept);
    for (let i = 0; i < kept; i++) {
      const segment = (i * step) % count;
      pairs.set([4 * segment, 4 * segment + 1], 2 * i);
    }
    return pairs;
  }

  /** Draw the sets with or those without arrow heads; `thin` while in motion. */
  draw(view, { ratio, thin }, heads) {
    const shown = (this.sets ?? []).filter((set) => set.shown && set.count && set.heads === heads);
    if (!shown.length) return;
    const { gl } = this;
    const { program, uniforms } = this.program;
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform2f(uniforms.size, width, height);
    for (const set of shown) {
      const across = width / (view.x[1] - view.x[0]);
      const down = height / (view.y[1] - view.y[0]);
      gl.uniform4f(uniforms.view, view.x[0] - set.origin[1], view.y[0] - set.origin[0], across, down);
      gl.uniform1f(uniforms.width, set.width * ratio);
      gl.uniform1f(uniforms.shade, set.width > 1.2 ? 0.4 : 0.12); // thin lines would darken all
      gl.uniform1f(uniforms.head, heads ? headLength(set.width) * ratio : 0);
      const { array, pairs } = this.kept.get(set);
      gl.bindVertexArray(array);
      const spare = thin && set.count > MANY;
      gl.uniform1i(uniforms.thin, spare ? 1 : 0);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, spare ? pairs : this.order);
      if (spare) gl.drawElements(gl.LINES, 2 * Math.min(set.count, MOST), gl.UNSIGNED_INT, 0);
      else gl.drawElements(gl.TRIANGLES, 6 * set.count, gl.UNSIGNED_INT, 0);
    }
  }
}

/** The same on a plain canvas. */
function drawLines(context, sets, view, ratio, heads) {
  const scale = context.canvas.width / (view.x[1] - view.x[0]);
  for (const set of sets.filter((s) => s.shown && s.heads === heads)) {
    const [left, top] = [view.x[0] - set.origin[1], view.y[0] - set.origin[0]];
    context.lineWidth = set.width * ratio;
    context.lineCap = "round";
    for (let i = 0; i < set.count; i++) {
      const [x0, y0, x1, y1] = set.ends.subarray(4 * i, 4 * i + 4);
      const [red, green, blue, alpha] = set.colours.subarray(set.colourAt(i), set.colourAt(i) + 4);
      context.strokeStyle = context.fillStyle = `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
      const [a, b] = [[x0, y0], [x1, y1]].map(([x, y]) => [(x - left) * scale, (y - top) * scale]);
      drawSegment(context, a, b, heads ? headLength(set.width) * ratio : 0);
    }
  }
}

function drawSegment(context, [x0, y0], [x1, y1], longest) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const head = Math.min(longest, length);
  const [ux, uy] = length ? [(x1 - x0) / length, (y1 - y0) / length] : [1, 0];
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1 - ux * head, y1 - uy * head);
  context.stroke();
  if (!head) return;
  const [wx, wy] = [-uy * head * 0.45, ux * head * 0.45];
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x1 - ux * head + wx, y1 - uy * head + wy);
  context.lineTo(x1 - ux * head - wx, y1 - uy * head - wy);
  context.fill();
}
