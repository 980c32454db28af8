-- What people do with the page: pointers, keys, the search, the address.

return [==[
const tip = $("tip"), find = $("find");

let due = false;

function redraw() {
  if (due) return;
  due = true;
  requestAnimationFrame(drawNow);
}

let tableDue = 0;

function drawNow() {
  due = false;
  const { told, ms } = draw();
  $("span").textContent = `${duration(view.to - view.from)} in view`;
  $("told").textContent = told;
  $("drawn").textContent =
    `${counted(data.count, "event")}, drawn in ${ms.toFixed(1)} ms`;
  root.dataset.drawn = ms.toFixed(2);
  clearTimeout(tableDue);
  tableDue = setTimeout(() => {
    fillThreads();
    keepAddress();
  }, 120);
}

// --- where one looks ---

function look(from, to) {
  const least = 200, most = data.length * 1.04 || least;
  let size = Math.min(most, Math.max(least, to - from));
  const middle = (from + to) / 2, edge = data.length * .02;
  from = Math.min(Math.max(middle - size / 2, -edge),
    data.length + edge - size);
  view.from = from;
  view.to = from + size;
  redraw();
}

function zoom(factor, x) {
  const time = x === undefined ? (view.from + view.to) / 2 : timeAt(x);
  look(time - (time - view.from) * factor, time + (view.to - time) * factor);
}

function move(part) {
  const by = (view.to - view.from) * part;
  look(view.from + by, view.to + by);
}

function scroll(by) {
  const most = Math.max(0, view.tall + AXIS - view.height);
  view.top = Math.min(most, Math.max(0, view.top + by));
  redraw();
}

function showAll() { look(-data.length * .01, data.length * 1.01); }

function show(piece) {
  view.picked = piece;
  const { track, lane, i } = piece, from = lane.from[i], to = lane.to[i];
  const size = view.to - view.from, middle = (from + to) / 2;
  if (to - from > size || to - from < size / 400)
    look(middle - (to - from) * 4, middle + (to - from) * 4);
  else if (from < view.from || to > view.to)
    look(middle - size / 2, middle + size / 2);
  if (track.y < view.top || track.y + track.h + AXIS > view.top + view.height)
    scroll(track.y - view.height / 3 - view.top);
  tellPicked();
  redraw();
}

// --- what is there ---

function laneAt(track, y) {
  if (!track.row) return track.lane && { track, lane: track.lane };
  const depth = Math.floor((y - track.y) / SPAN);
  return depth < track.line
    ? { track, lane: track.row.user[depth], depth }
    : { track, lane: track.lane };
}

function pieceAt(x, y) {
  const at = y - AXIS + view.top;
  const track = tracks.find(t => at >= t.y && at < t.y + t.h);
  if (!track || x < view.names || y < AXIS) return null;
  const found = laneAt(track, at);
  if (!found) return null;
  const { lane } = found, a = timeAt(x - .5), b = timeAt(x + .5);
  const i = lane.at(timeAt(x - 2));
  const j = lane.at(a, i);
  const k = j < lane.size && lane.from[j] < b ? j : i;
  if (k >= lane.size || lane.from[k] > timeAt(x + 2)) return null;
  const many = j < lane.size ? lane.shares(a, b, j, shares) - j : 0;
  return { ...found, i: k, many, shares: Array.from(shares) };
}

function markAt(x, y) {
  const i = above(instants.time, timeAt(x - 5), 0);
  for (let k = i; k < instants.size && instants.time[k] <= timeAt(x + 5); k++) {
    const track = tracks[trackOf[instants.row[k]]];
    const top = AXIS + track.y - view.top + track.line * SPAN;
    if (y >= top - 8 && y <= top + 6) return k;
  }
  return -1;
}

// --- pointers ---

const pointers = new Map();
let pull = null;

function place(event) {
  const box = main.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

main.addEventListener("wheel", event => {
  event.preventDefault();
  const [x] = place(event), unit = event.deltaMode === 1 ? 20 : 1;
  const across = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
  if (Math.abs(across) > Math.abs(event.shiftKey ? 0 : event.deltaY))
    move(across * unit / (view.width - view.names));
  else if (x < view.names || event.altKey) scroll(event.deltaY * unit);
  else zoom(Math.exp(event.deltaY * unit * .0022), x);
}, { passive: false });

main.addEventListener("pointerdown", event => {
  main.setPointerCapture(event.pointerId);
  const [x, y] = place(event);
  pointers.set(event.pointerId, [x, y]);
  tip.hidden = true;
  pull = { x, y, from: view.from, to: view.to, top: view.top, far: false,
    axis: y < AXIS || event.shiftKey, start: timeAt(x) };
  if (pointers.size === 2) pull.gap = gap();
});

function gap() {
  const [a, b] = [...pointers.values()];
  return Math.max(20, Math.abs(a[0] - b[0]));
}

function pulled(x, y) {
  if (Math.hypot(x - pull.x, y - pull.y) > 3) pull.far = true;
  if (!pull.far) return;
  if (pull.gap) {
    const size = (pull.to - pull.from) * pull.gap / gap();
    const at = (pull.start - pull.from) / (pull.to - pull.from);
    look(pull.start - size * at, pull.start + size * (1 - at));
  } else if (pull.axis) {
    view.pulled = [pull.start, timeAt(x)];
    redraw();
  } else {
    main.classList.add("pulls");
    const by = (pull.x - x) * step();
    view.top = pull.top;
    scroll(pull.y - y);
    look(pull.from + by, pull.to + by);
  }
}

main.addEventListener("pointermove", event => {
  const [x, y] = place(event);
  if (pointers.has(event.pointerId)) {
    pointers.set(event.pointerId, [x, y]);
    pulled(x, y);
    return;
  }
  view.hover = pieceAt(x, y);
  tellTip(event.clientX, event.clientY, markAt(x, y));
  redraw();
});

main.addEventListener("pointerup", event => {
  const [x, y] = place(event);
  pointers.delete(event.pointerId);
  main.classList.remove("pulls");
  if (view.pulled) look(...view.pulled.sort((a, b) => a - b));
  else if (pull && !pull.far) {
    view.picked = pieceAt(x, y);
    tellPicked();
  }
  view.pulled = pull = null;
  redraw();
});

main.addEventListener("pointercancel", event => {
  pointers.delete(event.pointerId);
  view.pulled = pull = null;
});

main.addEventListener("pointerleave", () => {
  view.hover = null;
  tip.hidden = true;
  redraw();
});

main.addEventListener("dblclick", event => {
  const piece = pieceAt(...place(event));
  if (!piece) return;
  const from = piece.lane.from[piece.i], to = piece.lane.to[piece.i];
  look(from - (to - from) * .2, to + (to - from) * .2);
});

function lookAround(event) {
  const box = all.getBoundingClientRect(), size = view.to - view.from;
  const part = (event.clientX - box.left - view.names)
    / (view.width - view.names);
  look(part * data.length - size / 2, part * data.length + size / 2);
}

all.addEventListener("pointerdown", event => {
  all.setPointerCapture(event.pointerId);
  lookAround(event);
});
all.addEventListener("pointermove", event => {
  if (event.buttons) lookAround(event);
});

// --- the search ---

let matches = null, hits = 0;

function search(text) {
  const word = text.trim().toLowerCase();
  matches = word && Uint8Array.from(data.details, detail =>
    [detail.name, ...Object.values(detail.args)]
      .some(value => String(value).toLowerCase().includes(word)) ? 1 : 0);
  hits = 0;
  for (const row of rows) {
    const named = word && row.name.toLowerCase().includes(word);
    const own = named ? new Uint8Array(data.details.length).fill(1) : matches;
    for (const lane of [row.states, ...row.user])
      hits += lane.search(own || null);
  }
  $("found").textContent = word ? counted(hits, "match", "matches") : "";
  redraw();
}

// The next piece that matches, or the one before, from the picked one on.
function goOn(forward) {
  if (!hits) return;
  const from = view.picked ? view.picked.lane.from[view.picked.i]
    : forward ? -Infinity : Infinity;
  let best = null, time = forward ? Infinity : -Infinity;
  for (const row of rows) {
    const track = tracks[trackOf[row.number]];
    [row.states, ...row.user].forEach((lane, n) => {
      const i = neighbour(lane, from, forward);
      if (i < 0 || (forward ? lane.from[i] >= time : lane.from[i] <= time))
        return;
      time = lane.from[i];
      best = { track, lane, i, depth: n > 0 ? n - 1 : undefined };
    });
  }
  if (best) show(best);
}

// The nearest match that begins after a time, or before it; or -1.
function neighbour(lane, time, forward) {
  const n = above(lane.from, time, 0);
  if (forward) {
    const i = above(lane.hits, lane.hits[Math.min(n, lane.size)], 0) - 1;
    return i < lane.size && lane.hits[lane.size] > lane.hits[n] ? i : -1;
  }
  let i = n - 1;
  while (i >= 0 && lane.from[i] >= time) i--;
  const before = i < 0 ? 0 : lane.hits[i + 1];
  return before > 0 ? above(lane.hits, before - 1, 0) - 1 : -1;
}

let searchDue = 0;

find.addEventListener("input", () => {
  clearTimeout(searchDue);
  searchDue = setTimeout(() => search(find.value), 150);
});
find.addEventListener("keydown", event => {
  if (event.key === "Enter") goOn(!event.shiftKey);
  if (event.key === "Escape") {
    find.value = "";
    search("");
    main.focus();
  }
});

function seek(text) {
  find.value = text;
  search(text);
}

// --- keys and buttons ---

const keys = {
  w: () => zoom(.7), s: () => zoom(1 / .7), "+": () => zoom(.7),
  "-": () => zoom(1 / .7), a: () => move(-.15), d: () => move(.15),
  ArrowLeft: () => move(-.15), ArrowRight: () => move(.15),
  ArrowUp: () => scroll(-40), ArrowDown: () => scroll(40),
  "0": showAll, "/": () => find.focus(), n: () => goOn(true),
  N: () => goOn(false), t: () => dress(other()),
  r: () => { view.arrows = !view.arrows; redraw(); },
  "?": () => $("help").showModal(),
  f: () => view.picked && look(view.picked.lane.from[view.picked.i],
    view.picked.lane.to[view.picked.i]),
  Escape: () => { view.picked = null; tellPicked(); redraw(); },
};

addEventListener("keydown", event => {
  if (event.target === find || event.ctrlKey || event.metaKey
    || $("help").open) return;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const other = () => root.dataset.theme === "dark" ? "light" : "dark";

function dress(name) {
  root.dataset.theme = name;
  readTheme();
  redraw();
}

$("in").onclick = () => zoom(.5);
$("out").onclick = () => zoom(2);
$("fit").onclick = showAll;
$("theme").onclick = () => {
  chosen = other();
  dress(chosen);
};
$("what").onclick = () => $("help").showModal();
$("help").onclick = () => $("help").close();

document.querySelectorAll("#kinds button").forEach((button, kind) => {
  button.onclick = () => {
    view.hidden[kind] = !view.hidden[kind];
    button.setAttribute("aria-pressed", String(!view.hidden[kind]));
    redraw();
  };
});

document.querySelector("main").addEventListener("click", event => {
  const found = event.target.closest("[data-find]");
  if (found) seek(found.dataset.find);
  const row = event.target.closest("[data-row]");
  if (row) seek(rows[Number(row.dataset.row)].name);
});

// --- the address says what one looks at: a link shows it to others ---

let chosen = "";

function keepAddress() {
  const parts = new URLSearchParams();
  parts.set("from", Math.round(view.from));
  parts.set("to", Math.round(view.to));
  if (find.value) parts.set("find", find.value);
  if (chosen) parts.set("theme", chosen);
  try {
    history.replaceState(null, "", "#" + parts);
  } catch { /* some browsers forbid it to a file: nothing is lost */ }
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  chosen = parts.get("theme") ?? "";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  root.dataset.theme = chosen || (dark.matches ? "dark" : "light");
  dark.onchange = () => chosen || dress(dark.matches ? "dark" : "light");
  readTheme();
  const from = Number(parts.get("from")), to = Number(parts.get("to"));
  if (to > from) look(from, to);
  else showAll();
  if (parts.get("find")) seek(parts.get("find"));
}

function measure() {
  view.ratio = Math.min(3, devicePixelRatio || 1);
  view.width = document.body.clientWidth;
  view.names = view.width < 640 ? 96 : 170;
  view.height = Math.min(view.tall + AXIS + 4,
    Math.max(160, Math.round(innerHeight * .56)));
  for (const [canvas, height] of [[main, view.height], [all, 46]]) {
    canvas.width = Math.round(view.width * view.ratio);
    canvas.height = Math.round(height * view.ratio);
    canvas.style.height = height + "px";
  }
  const font = getComputedStyle(document.body).fontFamily;
  plain = `11.5px ${font}`;
  bold = `600 11.5px ${font}`;
  pen.font = plain;
  widths.clear();
  scroll(0);
}

layOut();
measure();
readAddress();
drawNow();
fillThreads();
tellPicked();
addEventListener("resize", () => {
  measure();
  redraw();
});
]==]
