-- How lanes become pixels: into one picture in memory, which is shown at once.

return [==[
const root = document.documentElement;
const main = $("main"), all = $("all");
const pen = main.getContext("2d"), allPen = all.getContext("2d");

const theme = { kinds: [], hues: [], spans: [] };

// Any colour of CSS as a number whose bytes are a pixel's.
function pixel(colour) {
  pen.fillStyle = colour;
  const n = parseInt(pen.fillStyle.slice(1), 16);
  return (255 << 24 | (n & 255) << 16 | (n >> 8 & 255) << 8 | n >> 16) >>> 0;
}

function mix(one, other, part) {
  let result = 255 << 24;
  for (const shift of [0, 8, 16]) {
    const a = one >>> shift & 255, b = other >>> shift & 255;
    result |= Math.round(a + (b - a) * part) << shift;
  }
  return result >>> 0;
}

// A colour with those of its parts that the painter needs.
function paintOf(colour) {
  const full = pixel(colour), n = full;
  const light = (n & 255) * .3 + (n >> 8 & 255) * .59 + (n >> 16 & 255) * .11;
  return {
    css: colour, full, end: mix(full, theme.ground, .45),
    dim: mix(full, theme.ground, .8), ink: light > 155 ? "#10151c" : "#fff",
  };
}

function readTheme() {
  const style = getComputedStyle(root);
  const value = name => style.getPropertyValue("--" + name).trim();
  const dark = root.dataset.theme === "dark";
  for (const name of ["ground", "zebra", "grid", "hit"])
    theme[name] = pixel(value(name));
  for (const name of ["ink", "faint", "accent", "veil"])
    theme[name] = value(name);
  theme.css = { ground: value("ground"), soft: value("soft"),
    edge: value("edge") };
  theme.kinds = data.kinds.map(kind => paintOf(value(kind.id)));
  theme.hues = Array.from({ length: HUES }, (_, i) =>
    paintOf(`hsl(${(205 + i * 137.5) % 360} 52% ${dark ? 56 : 58}%)`));
  theme.spans = Array.from({ length: SPANS }, (_, i) =>
    paintOf(`hsl(${(215 + i * 45) % 360} ${dark ? "28% 33%" : "62% 87%"})`));
}

// --- pixels ---

class Picture {
  resize(pen, width, height) {
    if (this.image && this.image.width === width
      && this.image.height === height) return;
    this.image = pen.createImageData(Math.max(1, width), Math.max(1, height));
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.width = this.image.width;
    this.height = this.image.height;
  }

  fill(left, right, top, bottom, colour) {
    top = Math.max(0, top);
    bottom = Math.min(this.height, bottom);
    for (let y = top; y < bottom; y++)
      this.pixels.fill(colour, y * this.width + left, y * this.width + right);
  }

  column(x, top, bottom, colour) {
    top = Math.max(0, top);
    bottom = Math.min(this.height, bottom);
    for (let y = top, at = top * this.width + x; y < bottom; y++) {
      this.pixels[at] = colour;
      at += this.width;
    }
  }
}

const shares = new Float64Array(64);

// The kinds of many pieces under one pixel, one above the other.
function stack(picture, x, top, bottom, span, paints, dims, hidden) {
  let y = bottom, sum = 0;
  for (let k = 0; k < paints.length; k++) {
    if (shares[k] <= 0) continue;
    sum += shares[k];
    const up = Math.round(bottom - (bottom - top) * Math.min(1, sum / span));
    if (!hidden?.[k])
      picture.column(x, up, y, dims ? paints[k].dim : paints[k].full);
    y = up;
  }
}

// Few pieces under one pixel: the one that has most of it is seen; or the end
// of a wide one, so that this and the next are seen to be two.
function lineBetween(lane, i, a, step) {
  return lane.from[i] < a && lane.to[i] - lane.from[i] > 5 * step;
}

function largest(lane, i, j, a, b) {
  let best = i, most = -1;
  for (let k = i; k < j; k++) {
    const part = Math.min(b, lane.to[k]) - Math.max(a, lane.from[k]);
    if (part > most) {
      most = part;
      best = k;
    }
  }
  return best;
}

// Paints a lane from column `left` to `right`, which stand for the times from
// t0 on, `step` ns each. Calls label(i, from, to) for pieces that are wide.
function paintLane(picture, lane, left, right, top, bottom, t0, step, paints,
  hidden, wide, label) {
  const { from, to, kind, size } = lane, width = right - left;
  let i = lane.at(t0), x = 0;
  const colour = k => lane.isHit(k) ? paints[kind[k]].full
    : paints[kind[k]].dim;
  while (x < width) {
    const a = t0 + x * step, b = a + step;
    i = lane.at(a, i);
    if (i >= size) break;
    if (from[i] >= b) {
      x = Math.max(x + 1, Math.floor((from[i] - t0) / step));
    } else if (from[i] <= a && to[i] >= b) {
      const stop = Math.min(width,
        Math.max(x + 1, Math.floor((to[i] - t0) / step)));
      if (!hidden?.[kind[i]]) {
        picture.fill(left + x, left + stop, top, bottom, colour(i));
        if (label && stop - x >= wide) label(i, left + x, left + stop);
      }
      x = stop;
    } else {
      const j = lane.shares(a, b, i, shares);
      const hit = lane.hits && lane.hits[j] > lane.hits[i];
      if (j - i < 3 && !(hit && j - i === 2)) {
        const line = lineBetween(lane, i, a, step);
        const k = line ? i : largest(lane, i, j, a, b);
        if (!hidden?.[kind[k]])
          picture.column(left + x, top, bottom,
            line && lane.isHit(k) ? paints[kind[k]].end : colour(k));
      } else if (hit) {
        picture.column(left + x, top, bottom, theme.hit);
      } else {
        stack(picture, left + x, top, bottom, step, paints, lane.hits, hidden);
      }
      x++;
    }
  }
}

// A counter as an area: at each column from its least value to its highest.
function paintCounter(picture, counter, left, right, top, bottom, t0, step,
  colour, line) {
  const { time, value, most } = counter;
  if (most <= 0) return;
  const level = v => Math.round(bottom - (bottom - top - 2) * v / most);
  let i = above(time, t0, 0);
  for (let x = left; x < right; x++) {
    const b = t0 + (x - left + 1) * step;
    const j = above(time, b, i);
    if (j === 0) continue;
    let low = value[Math.max(0, i - 1)], high = low;
    for (let k = Math.max(i, j - 256); k < j; k++) {
      low = Math.min(low, value[k]);
      high = Math.max(high, value[k]);
    }
    i = j;
    const y = level(high);
    picture.column(x, y, bottom, colour);
    picture.column(x, y, Math.max(y + 1, level(low)), line);
  }
}
]==]
