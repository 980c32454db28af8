-- What the page says of a piece, of what is in view, and under the pointer.

return [==[
function element(name, text, attributes = {}) {
  const it = document.createElement(name);
  if (text !== undefined) it.textContent = text;
  Object.assign(it, attributes);
  return it;
}

// A patch of a colour, and words.
function patch(colour) {
  const it = element("i", undefined, { className: "patch" });
  it.style.background = colour;
  return it;
}

// What the arguments of events are called, in this order; others follow.
const WORDS = { kind: "kind", at: "at", held_by: "held by",
  held_at: "held at" };

function fact(list, name, value) {
  list.append(element("dt", name), element("dd", value));
}

function tellArgs(list, args) {
  for (const name in { ...WORDS, ...args })
    if (name in args && name !== "object" && name !== "fn")
      fact(list, WORDS[name] ?? name, String(args[name]));
}

function titleOf({ track, lane, i, depth }) {
  const detail = data.details[lane.detail[i]];
  if (track.global) return [theme.hues[lane.kind[i]].css,
    `${track.global.rows[lane.kind[i]]?.name} runs Lua`];
  if (depth !== undefined) return [theme.spans[lane.kind[i]].css, detail.name];
  const kind = data.kinds[lane.kind[i]];
  const name = kind.id === "lua" || kind.id === "ready" ? ""
    : ": " + (detail.args.object ?? detail.args.fn ?? detail.name);
  return [theme.kinds[lane.kind[i]].css, kind.title + name];
}

function facts(piece) {
  const { track, lane, i } = piece, list = element("dl");
  if (track.row) fact(list, "thread", track.row.name);
  fact(list, "for", duration(lane.to[i] - lane.from[i]));
  fact(list, "from", long(lane.from[i]));
  tellArgs(list, data.details[lane.detail[i]].args);
  return list;
}

// What the pieces under one pixel did.
function crowd(piece) {
  const sum = piece.shares.reduce((a, b) => a + b, 0), list = element("dl");
  data.kinds.forEach((kind, k) => {
    if (piece.shares[k] > 0)
      fact(list, percent(piece.shares[k], sum), kind.title);
  });
  return [element("b", counted(piece.many, "span") + " under this pixel"),
    list];
}

function tellTip(x, y, mark) {
  const piece = view.hover;
  tip.hidden = !piece && mark < 0;
  if (tip.hidden) return;
  if (mark >= 0) {
    const list = element("dl");
    fact(list, "thread", rows[instants.row[mark]].name);
    fact(list, "at", long(instants.time[mark]));
    const detail = data.details[instants.detail[mark]];
    tellArgs(list, detail.args);
    tip.replaceChildren(element("b", detail.name), list);
  } else if (piece.many > 2 && piece.track.row && piece.depth === undefined) {
    tip.replaceChildren(...crowd(piece));
  } else {
    const [colour, title] = titleOf(piece);
    tip.replaceChildren(patch(colour), element("b", title), facts(piece));
  }
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(x + 14,
    innerWidth - box.width - 8)) + "px";
  tip.style.top = (y + 18 + box.height > innerHeight
    ? y - box.height - 10 : y + 18) + "px";
}

// A link to the other end of an arrow.
function end(number, time, words) {
  const link = element("a", `${words} ${rows[number].name}`);
  link.onclick = () => {
    const track = tracks[trackOf[number]], { lane } = track;
    const i = Math.min(lane.at(time - 1), lane.size - 1);
    show({ track, lane, i });
  };
  return link;
}

function ends(piece) {
  const links = [], { lane, i: k } = piece;
  let i = above(arrows.left, lane.from[k] - arrows.longest - 1000, 0);
  for (; i < arrows.size && arrows.left[i] <= lane.to[k] + 1000
    && links.length < 6; i++) {
    if (!touches(i, piece)) continue;
    const came = arrows.to[i] === piece.track.row.number;
    links.push(came ? end(arrows.from[i], arrows.left[i], "woken by")
      : end(arrows.to[i], arrows.came[i], "wakes"));
  }
  return links;
}

function tellPicked() {
  const box = $("picked"), piece = view.picked;
  box.hidden = !piece;
  if (!piece) return;
  const [colour, title] = titleOf(piece), head = element("h2");
  head.append(patch(colour), title);
  const list = facts(piece);
  if (piece.track.row)
    for (const link of ends(piece)) {
      const value = element("dd");
      value.append(link);
      list.append(element("dt", "arrow"), value);
    }
  box.replaceChildren(head, list);
}

// How the threads spent the time that is in view.
function fillThreads() {
  const from = Math.max(0, view.from), to = Math.min(data.length, view.to);
  const body = $("threads");
  body.replaceChildren(...rows.slice(0, 200).map(row => {
    const lane = row.states, line = element("tr");
    lane.shares(from, to, lane.at(from), shares);
    const bar = element("div", undefined, { className: "share" });
    data.kinds.forEach((kind, k) => {
      if (shares[k] <= 0) return;
      const part = element("span", undefined, {
        title: `${kind.title}: ${percent(shares[k], to - from)}` });
      part.style.background = `var(--${kind.id})`;
      part.style.width = 100 * shares[k] / (to - from) + "%";
      bar.append(part);
    });
    const name = element("td"), cell = element("td");
    name.append(patch(theme.hues[row.hue].css), row.name);
    cell.append(bar);
    line.dataset.row = row.number;
    line.append(name, cell, ...[0, 3].map(k => element("td",
      percent(shares[k], to - from), { className: "n" })));
    return line;
  }));
  $("when").textContent = data.length && to - from < data.length * .999
    ? `${long(from)} to ${long(to)}` : "the whole run";
}
]==]
