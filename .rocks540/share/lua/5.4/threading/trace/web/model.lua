-- What the page knows of the run, out of the text that the page carries.

return [==[
const $ = id => document.getElementById(id);
const data = JSON.parse($("events").textContent);
const KINDS = data.kinds.length, HUES = 12, SPANS = 8;

function hash(text) {
  let h = 7;
  for (let i = 0; i < text.length; i++)
    h = (h * 31 + text.charCodeAt(i)) % 65521;
  return h;
}

const spanHue = data.details.map(detail => hash(detail.name) % SPANS);

const rows = data.rows.map((row, number) => ({
  number, name: row.name, pid: row.pid, hue: 0,
  states: Lane.decode(row.states, KINDS),
  user: row.user.map(list => Lane.decode(list, SPANS, d => spanHue[d])),
}));

const processes = data.processes.map(process => {
  const own = rows.filter(row => row.pid === process.pid);
  own.forEach((row, i) => { row.hue = i % HUES; });
  return {
    ...process, rows: own,
    global: Lane.merge(own.map(row => row.states), 0, HUES),
    counters: data.counters.filter(c => c.pid === process.pid)
      .map(counter => decodeCounter(counter)),
  };
}).filter(process => process.rows.length > 0);

function decodeCounter(counter) {
  const size = counter.points.length / 2;
  const time = new Float64Array(size), value = new Float64Array(size);
  let most = 0;
  for (let i = 0, t = 0; i < size; i++) {
    time[i] = t += counter.points[2 * i];
    value[i] = counter.points[2 * i + 1];
    most = Math.max(most, value[i]);
  }
  return { name: counter.name, time, value, most };
}

// Arrows by the time at which they begin.
const arrows = (() => {
  const size = data.arrows.length / 5;
  const a = {
    size, longest: 0, cat: new Uint8Array(size), from: new Uint32Array(size),
    to: new Uint32Array(size), left: new Float64Array(size),
    came: new Float64Array(size),
  };
  for (let i = 0, k = 0, t = 0; i < size; i++) {
    a.cat[i] = data.arrows[k++];
    a.from[i] = data.arrows[k++];
    a.left[i] = t += data.arrows[k++];
    a.to[i] = data.arrows[k++];
    a.came[i] = t + data.arrows[k++];
    a.longest = Math.max(a.longest, a.came[i] - t);
  }
  return a;
})();

const instants = (() => {
  const size = data.instants.length / 3;
  const m = {
    size, time: new Float64Array(size), row: new Uint32Array(size),
    detail: new Uint32Array(size),
  };
  for (let i = 0, t = 0; i < size; i++) {
    m.time[i] = t += data.instants[3 * i];
    m.row[i] = data.instants[3 * i + 1];
    m.detail[i] = data.instants[3 * i + 2];
  }
  return m;
})();

// --- words ---

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

function duration(ns) {
  const [size, unit] = UNITS.find(u => Math.abs(ns) >= u[0]) ?? UNITS[3];
  const value = ns / size, big = Math.abs(value);
  const digits = unit === "ns" || big >= 99.95 ? 0 : big >= 9.995 ? 1 : 2;
  return value.toFixed(digits) + " " + unit;
}

function percent(part, whole) {
  const p = whole > 0 ? 100 * part / whole : 0;
  return p.toFixed(p > 0 && p < 9.95 ? 1 : 0) + " %";
}

function amount(name, value) {
  if (name !== "memory") return String(value);
  const unit = value >= 1 << 20 ? [1 << 20, " MiB"] : [1 << 10, " KiB"];
  return (value / unit[0]).toFixed(1) + unit[1];
}

function counted(n, word, many = word + "s") {
  return n.toLocaleString("en") + " " + (n === 1 ? word : many);
}
]==]
