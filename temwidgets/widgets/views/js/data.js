// What Python sends (bytes and small records) as typed arrays with a few questions answered.

const KINDS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array, int32: Int32Array };

/** Bytes of a trait as a typed array; copied where they do not lie on the type's boundary. */
function asArray(view, kind) {
  const type = KINDS[kind];
  if (!view) return new type(0);
  const aligned = view.byteOffset % type.BYTES_PER_ELEMENT === 0;
  const [buffer, start] = aligned
    ? [view.buffer, view.byteOffset]
    : [view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength), 0];
  return new type(buffer, start, view.byteLength / type.BYTES_PER_ELEMENT);
}

/** An image: value = offset + step * raw; pixel (0, 0) has its centre at `origin`. */
class Picture {
  constructor(record) {
    Object.assign(this, record);
    [this.height, this.width] = record.shape;
    this.raw = asArray(record.data, record.dtype);
  }

  /** Contrast range of two percentiles, from the table of quantiles. */
  percentileLimits([low, high]) {
    const at = (percent) => {
      const place = (Math.min(Math.max(percent, 0), 100) / 100) * (this.quantiles.length - 1);
      const i = Math.min(Math.floor(place), this.quantiles.length - 2);
      return this.quantiles[i] + (place - i) * (this.quantiles[i + 1] - this.quantiles[i]);
    };
    const limits = [at(low), at(high)];
    if (this.symmetric) {
      const reach = Math.max(Math.abs(limits[0]), Math.abs(limits[1])) || 1;
      return [-reach, reach];
    }
    return limits[1] > limits[0] ? limits : [limits[0], limits[0] + (Math.abs(limits[0]) || 1)];
  }

  /** Edges of the picture in lengths relative to its first pixel's centre. */
  get edges() {
    const [dy, dx] = this.sampling;
    return { left: -dx / 2, top: -dy / 2, width: this.width * dx, height: this.height * dy };
  }

  /** Index of the pixel at a point (lengths), or null outside. */
  indexAt(x, y) {
    const col = Math.round((x - this.origin[1]) / this.sampling[1]);
    const row = Math.round((y - this.origin[0]) / this.sampling[0]);
    if (col < 0 || row < 0 || col >= this.width || row >= this.height) return null;
    return row * this.width + col;
  }

  /** Counts at a point (lengths), or null outside. */
  valueAt(x, y) {
    const i = this.indexAt(x, y);
    return i === null ? null : this.offset + this.step * this.raw[i];
  }

  /** Values scaled so that the bulk of them fills 0..1, where half floats are finest. */
  normalised() {
    const low = this.quantiles[0];
    const span = this.quantiles[this.quantiles.length - 1] - low || 1;
    const values = new Float32Array(this.raw.length);
    const [a, b] = [this.step / span, (this.offset - low) / span];
    for (let i = 0; i < values.length; i++) {
      const value = a * this.raw[i] + b;
      values[i] = value === value ? value : 0;
    }
    return { values, low, span };
  }
}

/** Markers: x, y, sigma_major, sigma_minor, theta (radians) each, relative to an origin. */
class Markers {
  constructor(model) {
    this.origin = model.get("origin");
    this.places = asArray(model.get("places"), "float32").slice();
    this.count = this.places.length / 5;
    this.labels = asArray(model.get("labels"), "int32");
    this.values = this.matching(asArray(model.get("values"), "float32"), Float32Array);
    this.states = this.matching(asArray(model.get("states"), "uint8"), Uint8Array).slice();
    [this.spacing, this.sigma] = [model.get("spacing"), model.get("sigma")];
  }

  matching(array, type) {
    return array.length === this.count ? array : new type(this.count);
  }

  x(i) {
    return this.origin[1] + this.places[5 * i];
  }

  y(i) {
    return this.origin[0] + this.places[5 * i + 1];
  }

  /** Indices of the markers in view (and `margin` round it), or null if more than `most`. */
  within(view, margin, most) {
    const pixels = (16 * (view.x[1] - view.x[0])) / view.width;
    const edge = Math.max(margin, pixels);
    const [left, right] = [view.x[0] - edge - this.origin[1], view.x[1] + edge - this.origin[1]];
    const [top, bottom] = [view.y[0] - edge - this.origin[0], view.y[1] + edge - this.origin[0]];
    const found = [];
    for (let i = 0; i < this.count; i++) {
      const x = this.places[5 * i];
      const y = this.places[5 * i + 1];
      if (x < left || x > right || y < top || y > bottom) continue;
      if (found.length === most) return null;
      found.push(i);
    }
    return found;
  }

  place(i) {
    return { x: this.x(i), y: this.y(i) };
  }

  move(i, x, y) {
    this.places[5 * i] = x - this.origin[1];
    this.places[5 * i + 1] = y - this.origin[0];
  }

  select(mask) {
    for (let i = 0; i < this.count; i++) this.states[i] = (this.states[i] & ~1) | mask[i];
  }

  get mask() {
    return this.states.map((state) => state & 1);
  }

  get anySelected() {
    return this.states.some((state) => state & 1);
  }
}
