-- The timeline: where what is, and how it is drawn.

return [==[
const AXIS = 26, LANE = 24, SPAN = 16, GLOBAL = 14, COUNTER = 30, HEAD = 24;

const view = {
  from: 0, to: 1, top: 0, names: 170, width: 0, height: 0, ratio: 1,
  hidden: data.kinds.map(() => false), hover: null, picked: null, arrows: true,
  tall: 0,
};

const picture = new Picture();

const step = () => (view.to - view.from) / (view.width - view.names);
const xOf = time => view.names + (time - view.from) / step();
const timeAt = x => view.from + (x - view.names) * step();

// --- tracks: what lies below what ---

const tracks = [], trackOf = [];

function add(track, height, gap) {
  tracks.push({ ...track, y: view.tall, h: height });
  view.tall += height + gap;
}

function layOut() {
  tracks.length = 0;
  view.tall = 4;
  for (const process of processes) {
    if (processes.length > 1) add({ head: process.name }, HEAD, 0);
    for (const counter of process.counters)
      add({ counter, name: counter.name }, COUNTER, 6);
    add({ lane: process.global, global: process, name: "global lock" },
      GLOBAL, 8);
    for (const row of process.rows) {
      trackOf[row.number] = tracks.length;
      const h = LANE + row.user.length * SPAN;
      add({ row, lane: row.states, name: row.name, line: row.user.length },
        h, 7);
    }
  }
}

// Where the row's states are drawn.
function middle(number) {
  const track = tracks[trackOf[number]];
  return AXIS + track.y - view.top + track.line * SPAN + LANE / 2;
}

// --- the axis ---

// A round time of which each is at least 90 pixels wide.
function tickStep() {
  const least = step() * 90;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map(n => n * power).find(n => n >= least);
}

function tickText(time, tick) {
  const [size, unit] = UNITS.find(u => tick >= u[0] * .0999) ?? UNITS[3];
  const digits = Math.max(0, Math.round(-Math.log10(tick / size) + .3));
  return (time / size).toFixed(Math.min(3, digits)) + " " + unit;
}

function drawAxis(c) {
  const tick = tickStep();
  // Deep inside, times are told from a round one before them.
  const base = view.from > tick * 1000
    ? Math.floor(view.from / (tick * 100)) * tick * 100 : 0;
  c.fillStyle = theme.css.soft;
  c.fillRect(0, 0, view.width, AXIS);
  c.fillStyle = theme.faint;
  c.textAlign = "left";
  const first = Math.ceil(view.from / tick);
  for (let i = first; i * tick <= view.to; i++) {
    const x = xOf(i * tick), text = tickText(i * tick - base, tick);
    c.fillRect(Math.round(x), AXIS - 6, 1, 6);
    c.fillText((base ? "+" : "") + text, x + 4, AXIS / 2 + 1);
  }
  c.fillStyle = theme.css.soft;
  c.fillRect(0, 0, view.names, AXIS);
  if (base) {
    c.fillStyle = theme.ink;
    c.fillText(long(base), 12, AXIS / 2 + 1);
  }
  c.fillStyle = theme.css.edge;
  c.fillRect(0, AXIS - 1, view.width, 1);
}

// All digits of a time, in groups.
function long(ns) {
  const [s, rest] = (ns / 1e9).toFixed(9).split(".");
  const groups = rest.match(/.../g).join(" ").replace(/( 000)+$/, "");
  return `${s}.${groups} s`;
}

// --- pictures of lanes ---

const labels = [];

function paintTracks() {
  const r = view.ratio, left = Math.round(view.names * r);
  const right = picture.width, ns = (view.to - view.from) / (right - left);
  picture.pixels.fill(theme.ground);
  const tick = tickStep();
  const px = y => Math.round((y + AXIS - view.top) * r);
  tracks.forEach(track => {
    const top = px(track.y), bottom = px(track.y + track.h);
    if (bottom < 0 || top > picture.height) return;
    if (track.row || track.counter)
      picture.fill(left, right, top, bottom, theme.zebra);
  });
  for (let i = Math.ceil(view.from / tick); i * tick <= view.to; i++) {
    const x = left + Math.floor((i * tick - view.from) / ns);
    if (x < right) picture.column(x, 0, picture.height, theme.grid);
  }
  for (const track of tracks) {
    const top = px(track.y), bottom = px(track.y + track.h);
    if (bottom < 0 || top > picture.height || track.head) continue;
    if (track.counter) {
      const paint = theme.hues[0];
      paintCounter(picture, track.counter, left, right, top, bottom, view.from,
        ns, paint.dim, paint.end);
      continue;
    }
    track.row?.user.forEach((lane, depth) => {
      const y = px(track.y + depth * SPAN);
      paintLane(picture, lane, left, right, y, px(track.y + depth * SPAN
        + SPAN - 2), view.from, ns, theme.spans, null, 26 * r,
        (i, x, stop) => labels.push({ lane, i, x, stop, y: y / r + 7,
          paints: theme.spans }));
    });
    const y = track.row ? px(track.y + track.line * SPAN) : top;
    const paints = track.row ? theme.kinds : theme.hues;
    paintLane(picture, track.lane, left, right, y, bottom, view.from, ns,
      paints, track.row && view.hidden, 34 * r, track.row
        ? (i, x, stop) => labels.push({ lane: track.lane, i, x, stop,
          y: y / r + LANE / 2, paints, state: true }) : null);
  }
}

const widths = new Map();

function widthOf(text) {
  let width = widths.get(text);
  if (width === undefined)
    widths.set(text, width = pen.measureText(text).width);
  return width;
}

// As much of a text as has room.
function clip(text, room) {
  if (widthOf(text) <= room) return text;
  const n = Math.floor(text.length * room / widthOf(text)) - 1;
  return n > 1 ? text.slice(0, n) + "…" : "";
}

function labelOf(lane, i, state) {
  const detail = data.details[lane.detail[i]];
  const kind = state && data.kinds[lane.kind[i]].id;
  if (kind === "lua" || kind === "ready") return "";
  return String(detail.args.object ?? detail.args.fn ?? detail.name);
}

function drawLabels(c) {
  c.textAlign = "left";
  for (const { lane, i, x, stop, y, paints, state } of labels) {
    const left = Math.max(view.names, x / view.ratio);
    const text = clip(labelOf(lane, i, state), stop / view.ratio - left - 9);
    if (!text) continue;
    c.fillStyle = lane.isHit(i) ? paints[lane.kind[i]].ink : theme.faint;
    c.fillText(text, left + 5, y + .5);
  }
  labels.length = 0;
}

// --- instants and arrows ---

const SIGNS = { start: "#2f9e6c", end: "#8a94a3", cancel: "#e8912d",
  exception: "#e0463a" };

function signOf(detail) { return SIGNS[data.details[detail].name]; }

function drawInstants(c) {
  let i = above(instants.time, view.from - step() * 8, 0);
  const last = new Map();
  for (; i < instants.size && instants.time[i] <= view.to; i++) {
    const x = xOf(instants.time[i]), row = instants.row[i];
    if (x < view.names || x - (last.get(row) ?? -9) < 3) continue;
    last.set(row, x);
    const track = tracks[trackOf[row]], sign = signOf(instants.detail[i]);
    const y = AXIS + track.y - view.top + track.line * SPAN;
    if (y < AXIS - 4) continue;
    c.fillStyle = sign ?? theme.accent;
    c.beginPath();
    c.moveTo(x - 4.5, y - 5);
    c.lineTo(x + 4.5, y - 5);
    c.lineTo(x, y + 3);
    c.fill();
    c.fillRect(x - .5, y, 1, LANE);
    if (!sign) {
      c.textAlign = "left";
      c.strokeStyle = theme.css.ground;
      c.lineWidth = 4;
      const name = data.details[instants.detail[i]].name;
      c.strokeText(name, x + 8, y - 3);
      c.fillText(name, x + 8, y - 3);
    }
  }
}

function touches(i, piece) {
  const { track, lane, i: k } = piece;
  const within = t => t >= lane.from[k] - 1000 && t <= lane.to[k] + 1000;
  return arrows.to[i] === track.row.number && within(arrows.came[i])
    || arrows.from[i] === track.row.number && within(arrows.left[i]);
}

// The arrows of this time; null: they are too many to be seen.
function arrowsInView(most) {
  const list = [];
  let i = above(arrows.left, view.from - arrows.longest, 0);
  for (; i < arrows.size && arrows.left[i] <= view.to; i++) {
    if (arrows.came[i] < view.from || arrows.from[i] === arrows.to[i]) continue;
    if (list.length > most) return null;
    list.push(i);
  }
  return list;
}

function drawArrow(c, i, strong) {
  const x = xOf(arrows.left[i]), y = middle(arrows.from[i]);
  const toX = xOf(arrows.came[i]), toY = middle(arrows.to[i]);
  const side = Math.sign(toY - y) * (LANE / 2 - 3);
  const tip = toY - side, bend = Math.max(10, Math.abs(toX - x) / 2);
  c.strokeStyle = c.fillStyle = strong ? theme.accent : theme.ink;
  c.globalAlpha = strong ? 1 : .5;
  c.lineWidth = strong ? 1.8 : 1;
  c.beginPath();
  c.moveTo(x, y + side);
  c.bezierCurveTo(x + bend, y + side + (tip - y - side) * .2, toX - bend,
    tip - (tip - y - side) * .2, toX, tip);
  c.stroke();
  c.beginPath();
  c.moveTo(toX, tip + Math.sign(side) * 2);
  c.lineTo(toX - 3.5, tip - Math.sign(side) * 5);
  c.lineTo(toX + 3.5, tip - Math.sign(side) * 5);
  c.fill();
  c.beginPath();
  c.arc(x, y + side, 2, 0, 7);
  c.fill();
  c.globalAlpha = 1;
}

// Tells what has been drawn.
function drawArrows(c) {
  if (!view.arrows || find.value) return "";
  const most = (view.width - view.names) / 14;
  const list = arrowsInView(most), picked = view.picked ?? view.hover;
  const chosen = i => picked?.track.row && touches(i, picked);
  if (list) {
    for (const i of list) if (!chosen(i)) drawArrow(c, i, false);
    for (const i of list) if (chosen(i)) drawArrow(c, i, true);
    return list.length ? counted(list.length, "arrow") : "";
  }
  if (picked?.track.row) {
    const time = picked.lane.from[picked.i] - arrows.longest - 1000;
    let i = above(arrows.left, time, 0), n = 0;
    const end = picked.lane.to[picked.i] + 1000;
    for (; i < arrows.size && arrows.left[i] <= end && n < 100; i++)
      if (chosen(i)) {
        drawArrow(c, i, true);
        n++;
      }
  }
  return arrows.size ? "zoom in to see the arrows" : "";
}

// --- around and above ---

function outline(c, piece, colour, width) {
  if (!piece) return;
  const { track, lane, i, depth } = piece;
  const x = xOf(lane.from[i]), stop = xOf(lane.to[i]);
  if (stop < view.names || x > view.width) return;
  const user = depth !== undefined;
  const y = AXIS + track.y - view.top + (user ? depth : track.line ?? 0) * SPAN;
  const h = user ? SPAN - 2 : track.row ? LANE : GLOBAL;
  c.strokeStyle = colour;
  c.lineWidth = width;
  const left = Math.max(x, view.names - 2);
  c.strokeRect(left, y, Math.max(2, Math.min(stop, view.width + 2) - left), h);
}

function drawNames(c) {
  c.fillStyle = theme.css.soft;
  c.fillRect(0, AXIS, view.names, view.height - AXIS);
  c.fillStyle = theme.css.edge;
  c.fillRect(view.names - 1, 0, 1, view.height);
  for (const track of tracks) {
    const y = AXIS + track.y - view.top;
    if (y + track.h < AXIS || y > view.height) continue;
    c.textAlign = "left";
    if (track.head) {
      c.fillStyle = theme.css.soft;
      c.fillRect(0, y, view.width, HEAD);
      c.fillStyle = theme.ink;
      c.font = bold;
      c.fillText(track.head, 12, y + HEAD / 2 + 1);
      c.font = plain;
      continue;
    }
    const at = track.row ? y + track.line * SPAN + LANE / 2 : y + track.h / 2;
    c.fillStyle = track.row ? theme.ink : theme.faint;
    const left = track.row ? 28 : 12;
    c.fillText(clip(track.name, view.names - left - 10), left, at + 1);
    if (track.counter && view.names > 140) {
      c.textAlign = "right";
      c.fillText(amount(track.name, track.counter.most), view.names - 10,
        at + 1);
    }
    if (track.row) {
      c.fillStyle = theme.hues[track.row.hue].css;
      c.beginPath();
      c.roundRect(12, at - 4.5, 9, 9, 3);
      c.fill();
    }
  }
}

let plain = "", bold = "";

function draw() {
  const begin = performance.now(), r = view.ratio;
  picture.resize(pen, main.width, main.height);
  paintTracks();
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.putImageData(picture.image, 0, 0);
  pen.setTransform(r, 0, 0, r, 0, 0);
  pen.font = plain;
  pen.textBaseline = "middle";
  drawLabels(pen);
  const told = drawArrows(pen);
  drawInstants(pen);
  outline(pen, view.hover, theme.ink, 1);
  outline(pen, view.picked, theme.accent, 2);
  drawNames(pen);
  drawAxis(pen);
  drawSelection(pen);
  drawAll();
  return { told, ms: performance.now() - begin };
}

// The part of the time that a pointer pulls over the axis.
function drawSelection(c) {
  if (!view.pulled) return;
  const [a, b] = view.pulled.map(xOf).sort((p, q) => p - q);
  c.fillStyle = theme.veil;
  c.fillRect(a, 0, b - a, view.height);
  c.fillStyle = theme.ink;
  c.textAlign = "center";
  c.fillText(duration(Math.abs(view.pulled[1] - view.pulled[0])),
    (a + b) / 2, AXIS / 2 + 1);
}

// --- the whole run above it: how many threads do what ---

const allPicture = new Picture();
const BUSY = ["lua", "c", "kernel", "ready", "lock"];
let allKey = "";

function paintAll(left) {
  const { width, height } = allPicture, columns = width - left;
  const ns = data.length / columns, busy = BUSY.map(id =>
    data.kinds.findIndex(kind => kind.id === id));
  const sums = busy.map(() => new Float64Array(columns));
  for (const row of rows) {
    for (let x = 0, i = 0; x < columns; x++) {
      const a = x * ns;
      i = row.states.at(a, i);
      if (i >= row.states.size) break;
      row.states.shares(a, a + ns, i, shares);
      busy.forEach((kind, n) => { sums[n][x] += shares[kind]; });
    }
  }
  let most = ns;
  for (let x = 0; x < columns; x++)
    most = Math.max(most, sums.reduce((n, list) => n + list[x], 0));
  allPicture.pixels.fill(theme.ground);
  for (let x = 0; x < columns; x++) {
    let y = height - 1, sum = 0;
    busy.forEach((kind, n) => {
      sum += sums[n][x];
      const up = Math.round((height - 1) * (1 - .9 * sum / most));
      allPicture.column(left + x, up, y, theme.kinds[kind].full);
      y = up;
    });
  }
}

function drawAll() {
  const r = view.ratio, left = Math.round(view.names * r), c = allPen;
  allPicture.resize(c, all.width, all.height);
  const key = `${all.width} ${left} ${root.dataset.theme}`;
  if (key !== allKey && data.length > 0) paintAll(left);
  allKey = key;
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.putImageData(allPicture.image, 0, 0);
  c.setTransform(r, 0, 0, r, 0, 0);
  const h = all.height / r, wide = view.width - view.names;
  const a = view.names + view.from / data.length * wide;
  const b = view.names + view.to / data.length * wide;
  c.fillStyle = theme.veil;
  c.fillRect(view.names, 0, a - view.names, h);
  c.fillRect(b, 0, view.width - b, h);
  c.strokeStyle = theme.accent;
  c.lineWidth = 1.5;
  c.strokeRect(Math.max(a, view.names) + .75, .75,
    Math.max(3, Math.min(b, view.width) - Math.max(a, view.names) - 1.5),
    h - 2.5);
  c.fillStyle = theme.css.soft;
  c.fillRect(0, 0, view.names, h);
  c.fillStyle = theme.css.edge;
  c.fillRect(view.names - 1, 0, 1, h);
  c.fillStyle = theme.faint;
  c.font = plain;
  c.textBaseline = "middle";
  c.fillText(clip("the whole run", view.names - 22), 12, h / 2);
}
]==]
