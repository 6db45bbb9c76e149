// What lies over the canvas: scale bar, cursor readout, legend of the markers, rubber band.

function element(tag, className, parent) {
  const node = document.createElement(tag);
  node.className = className;
  parent?.append(node);
  return node;
}

class Overlay {
  constructor(box) {
    this.bar = element("div", "tem-scale-bar", box);
    this.barLabel = element("span", "", this.bar);
    this.barLine = element("i", "", this.bar);
    const legends = element("div", "tem-legends", box);
    this.legend = element("div", "tem-legend", legends);
    this.bars = element("div", "tem-bars", legends);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.classList.add("tem-band");
    this.halo = document.createElementNS(svg.namespaceURI, "path");
    this.band = document.createElementNS(svg.namespaceURI, "path");
    svg.append(this.halo, this.band);
    box.append(svg);
  }

  scaleBar(view, units, on) {
    const perPixel = (view.x[1] - view.x[0]) / view.width;
    const hidden = !on || !(perPixel > 0) || view.width < 60;
    if (this.bar.hidden !== hidden) this.bar.hidden = hidden;
    if (hidden) return;
    const length = roundLength(perPixel * Math.min(0.25 * view.width, 180));
    // Writing into the page costs a layout, so only what is new.
    const [width, label] = [`${(length / perPixel).toFixed(1)}px`, lengthLabel(length, units)];
    if (this.barLine.style.width !== width) this.barLine.style.width = width;
    if (this.barLabel.textContent !== label) this.barLabel.textContent = label;
  }

  rubber(points) {
    const path = points?.length ? `M${points.map((p) => p.join(",")).join("L")}Z` : "";
    this.halo.setAttribute("d", path);
    this.band.setAttribute("d", path);
  }

  /** Colour bar with its range for a variable, swatches for sublattices. */
  markerLegend(legend, on) {
    this.legend.hidden = !on || !legend.title;
    this.legend.replaceChildren();
    if (!this.legend.hidden) this.explain(legend, this.legend);
  }

  /** A colour bar for the picture, if it is no image, and for each map. */
  barLegends(legends) {
    this.bars.replaceChildren();
    for (const legend of legends.filter((l) => l.title)) this.explain(legend, element("div", "tem-legend", this.bars));
  }

  explain(legend, box) {
    element("b", "", box).textContent = legend.title;
    if (legend.gradient) {
      const row = element("div", "tem-range", box);
      element("span", "", row).textContent = legend.low;
      element("i", "", row).style.background = `linear-gradient(90deg, ${legend.gradient.join(",")})`;
      element("span", "", row).textContent = legend.high;
    }
    for (const { colour, label } of legend.entries ?? []) {
      const row = element("div", "tem-entry", box);
      element("i", "", row).style.background = colour;
      element("span", "", row).textContent = label;
    }
  }
}

/** Words under the cursor: position, counts, and the column that is near. */
function readout(x, y, picture, markers, index, units, legend) {
  const digits = Math.max(0, Math.ceil(-Math.log10(Math.min(...picture.sampling))) + 1);
  const value = picture.valueAt(x, y);
  const parts = [`x ${x.toFixed(digits)} ${units}`, `y ${y.toFixed(digits)} ${units}`];
  if (value !== null) {
    const text = Number.isFinite(value) ? Number(value.toPrecision(5)) : "no value";
    parts.push(`${text} ${picture.units}`);
  }
  if (index >= 0) {
    parts.push(`column ${markers.labels[index]}`);
    if (legend.title) parts.push(`${legend.name} ${Number(markers.values[index].toPrecision(4))}`);
  }
  return parts;
}

/** The same in a spectrum: how long the vector is, the spacing it stands for, and where it points. */
function readSpectrum(x, y, picture, markers, index, units) {
  const k = Math.hypot(x, y);
  const written = (v) => String(Number(v.toPrecision(4)));
  const turn = (Math.atan(y / (x || 1e-12)) * 180) / Math.PI;
  const parts = [`k ${written(k)} ${units}`, `d ${written(1 / k)} ${units.replace("1/", "")}`];
  if (!(k > 0)) parts.pop();
  else parts.push(`${turn.toFixed(1)}°`);
  const value = picture.valueAt(x, y);
  if (Number.isFinite(value ?? NaN)) parts.push(`power 10^${value.toFixed(2)}`);
  if (index >= 0) parts.push(`reflection ${markers.labels[index]}`);
  return parts;
}
