// The same picture on a plain 2-D canvas, where the browser has no WebGL2.

class RasterPainter {
  constructor(canvas) {
    this.context = canvas.getContext("2d");
    this.tables = {};
    this.largest = 8192;
  }

  setPicture(picture) {
    this.picture = picture;
    this.tinted = null;
  }

  setColours(name, bytes) {
    this.tables[name] = bytes.slice();
    this.tinted = null;
  }

  setMarkers(markers) {
    this.markers = markers;
  }

  setLines(sets) {
    this.lines = sets;
  }

  setMaps(maps) {
    this.maps = maps;
  }

  fill() {}

  draw(view, style) {
    const { canvas } = this.context;
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, canvas.width, canvas.height);
    if (this.picture) this.drawImage(view, style, canvas);
    for (const map of this.maps ?? []) drawMap(this.context, map, view);
    drawLines(this.context, this.lines ?? [], view, style.ratio, false);
    if (this.markers?.count && style.showMarkers) this.drawMarkers(view, style, canvas);
    drawLines(this.context, this.lines ?? [], view, style.ratio, true);
  }

  tint(style) {
    const key = JSON.stringify([style.limits, style.gamma]);
    if (this.tinted?.key === key) return this.tinted.canvas;
    const { width, height, raw, offset, step } = this.picture;
    const canvas = new OffscreenCanvas(width, height);
    const pixels = new ImageData(width, height);
    const [low, high] = style.limits;
    const table = this.tables.colours;
    for (let i = 0; i < raw.length; i++) {
      const t = Math.min(Math.max((offset + step * raw[i] - low) / (high - low), 0), 1) || 0;
      const entry = 3 * Math.round(255 * t ** style.gamma);
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = table[entry + c];
      pixels.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    this.tinted = { key, canvas };
    return canvas;
  }

  drawImage(view, style, canvas) {
    const { origin, edges } = this.picture;
    const across = canvas.width / (view.x[1] - view.x[0]);
    const down = canvas.height / (view.y[1] - view.y[0]);
    this.context.imageSmoothingEnabled = style.smooth || edges.width * across < this.picture.width;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(
      this.tint(style),
      (origin[1] + edges.left - view.x[0]) * across,
      (origin[0] + edges.top - view.y[0]) * down,
      edges.width * across,
      edges.height * down,
    );
  }

  colour(i, style) {
    const value = this.markers.values[i];
    if (style.mode === 0) return style.plain.map((c) => 255 * c);
    if (value !== value) return [153, 153, 153];
    const [low, high] = style.markerLimits;
    const t = Math.min(Math.max((value - low) / (high - low), 0), 1);
    const entry = 3 * (style.mode === 1 ? Math.round(255 * t) : value % 256);
    return Array.from(this.tables.tones.subarray(entry, entry + 3));
  }

  drawMarkers(view, style, canvas) {
    const scale = canvas.width / (view.x[1] - view.x[0]);
    const context = this.context;
    context.lineWidth = style.stroke * style.ratio;
    for (let i = 0; i < this.markers.count; i++) {
      const [x, y] = [this.markers.x(i) - view.x[0], this.markers.y(i) - view.y[0]];
      const [px, py] = [x * scale, y * scale];
      if (px < -50 || py < -50 || px > canvas.width + 50 || py > canvas.height + 50) continue;
      const selected = this.markers.states[i] & 1;
      const tone = selected && style.mode === 0 ? style.chosen.map((c) => 255 * c) : this.colour(i, style);
      context.globalAlpha = style.opacity * (style.dimming && !selected ? 0.45 : 1);
      context.strokeStyle = context.fillStyle = `rgb(${tone.join(" ")})`;
      context.beginPath();
      this.outline(i, px, py, style, scale);
      if ((selected || style.mode > 0) && !style.hollow) context.fill();
      else context.stroke();
    }
    context.globalAlpha = 1;
  }

  outline(i, px, py, style, scale) {
    const [major, minor, theta] = this.markers.places.subarray(5 * i + 2, 5 * i + 5);
    const radius = style.radius * style.ratio;
    if (style.contour > 0 && major > 0 && minor > 0)
      this.context.ellipse(px, py, major * style.contour * scale, minor * style.contour * scale, theta, 0, 7);
    else if (this.markers.states[i] & 2) this.context.rect(px - radius, py - radius, 2 * radius, 2 * radius);
    else this.context.arc(px, py, radius, 0, 7);
  }

  finish() {}

  dispose() {}
}
