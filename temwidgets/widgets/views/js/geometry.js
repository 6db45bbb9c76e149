// Lengths, pixels and the shapes drawn with the mouse. y points down, as in the image.

/** Widen the wanted ranges so that a length is equally long on screen along x and y. */
function fitRanges(x, y, width, height, exact) {
  const alongX = (x[1] - x[0]) / width;
  const alongY = (y[1] - y[0]) / height;
  const perPixel = exact === "x" ? alongX : exact === "y" ? alongY : Math.max(alongX, alongY);
  const around = (range, size) => {
    const centre = (range[0] + range[1]) / 2;
    return [centre - (perPixel * size) / 2, centre + (perPixel * size) / 2];
  };
  return { x: around(x, width), y: around(y, height) };
}

/** Zoom ranges by a factor about a point that stays where it is. */
function zoomRanges(ranges, factor, px, py) {
  const about = ([a, b], p) => [p + (a - p) * factor, p + (b - p) * factor];
  return { x: about(ranges.x, px), y: about(ranges.y, py) };
}

function shiftRanges(ranges, dx, dy) {
  return { x: ranges.x.map((v) => v + dx), y: ranges.y.map((v) => v + dy) };
}

/** The largest of 1, 2, 5 times a power of ten that is not above `length`. */
function roundLength(length) {
  const power = 10 ** Math.floor(Math.log10(length));
  const step = [5, 2, 1].find((s) => s * power <= length * (1 + 1e-9)) ?? 1;
  return step * power;
}

function lengthLabel(length, units) {
  const short = (v) => String(Number(v.toPrecision(3)));
  if (units === "nm" && length >= 1000) return `${short(length / 1000)} µm`;
  return `${short(length)} ${units}`;
}

function insidePolygon(x, y, polygon) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Mask (a byte each) of the markers inside a polygon of lengths. */
function maskInside(markers, polygon) {
  const mask = new Uint8Array(markers.count);
  const xs = polygon.map((p) => p[0]);
  const ys = polygon.map((p) => p[1]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < markers.count; i++) {
    const x = markers.x(i);
    const y = markers.y(i);
    if (x < left || x > right || y < top || y > bottom) continue;
    mask[i] = insidePolygon(x, y, polygon) ? 1 : 0;
  }
  return mask;
}

/** Index of the marker nearest to a point within `reach` (lengths), or -1. */
function nearestMarker(markers, x, y, reach) {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < markers.count; i++) {
    const distance = (markers.x(i) - x) ** 2 + (markers.y(i) - y) ** 2;
    if (distance <= least) [best, least] = [i, distance];
  }
  return best;
}
