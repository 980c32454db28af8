// The search, over an index that is loaded when somebody looks for something.
"use strict";

const root = document.currentScript.dataset.root;
const input = document.querySelector(".search input");
const found = document.querySelector(".found");
const MOST = 30;

function load(then) {
  if (typeof searchIndex !== "undefined") return then();
  const script = document.createElement("script");
  script.src = root + "/search.js";
  script.onload = then;
  document.head.append(script);
}

// How well an entry fits: a title that is the word, that begins with it, that
// has it, and then the text. Every word must be somewhere. Pages of the inside
// are for few.
function score([, title, page, text, inside], words) {
  let sum = 0;
  const head = title.toLowerCase(), where = page.toLowerCase();
  const last = head.split(/[.:]/).pop();
  for (const word of words) {
    if (head === word || last === word) sum += 100;
    else if (head.startsWith(word) || last.startsWith(word)) sum += 60;
    else if (head.includes(word)) sum += 40;
    else if (where.includes(word)) sum += 20;
    else if (text.toLowerCase().includes(word)) sum += 5;
    else return 0;
  }
  return (inside ? sum / 3 : sum) - head.length / 100;
}

const EMPTY = new Set(["a", "an", "and", "do", "how", "i", "in", "is", "of",
  "the", "to"]);

function search(query) {
  let words = query.toLowerCase().split(/\s+/).filter(it => it);
  if (words.length > 1) words = words.filter(it => !EMPTY.has(it));
  if (!words.length) return [];
  return searchIndex.map(entry => [score(entry, words), entry])
    .filter(([n]) => n > 0).sort((a, b) => b[0] - a[0]).slice(0, MOST)
    .map(([, entry]) => ({ entry, words }));
}

// The text around the first word, with the words marked.
function excerpt(text, words) {
  const low = text.toLowerCase();
  const at = Math.min(...words.map(it => low.indexOf(it)).filter(n => n >= 0));
  const from = Number.isFinite(at) ? Math.max(0, at - 40) : 0;
  const span = document.createElement("span");
  let rest = (from ? "…" : "") + text.slice(from, from + 130);
  while (rest) {
    const hits = words.map(it => [rest.toLowerCase().indexOf(it), it.length])
      .filter(([n]) => n >= 0).sort((a, b) => a[0] - b[0]);
    const [n, length] = hits[0] ?? [rest.length, 0];
    span.append(rest.slice(0, n));
    if (length) {
      const mark = document.createElement("mark");
      mark.textContent = rest.slice(n, n + length);
      span.append(mark);
    }
    rest = rest.slice(n + length);
  }
  return span;
}

function row({ entry: [url, title, page, text], words }) {
  const link = document.createElement("a");
  const name = document.createElement("b"), where = document.createElement("i");
  link.href = root + "/" + url;
  name.textContent = title;
  where.textContent = page === title ? "" : page;
  link.append(name, where, excerpt(text, words));
  return link;
}

function show() {
  const query = input.value;
  load(() => {
    const rows = search(query).map(row);
    if (!rows.length) {
      const none = document.createElement("p");
      none.textContent = "Nothing has all these words.";
      rows.push(none);
    }
    found.replaceChildren(...rows);
    found.hidden = !query.trim();
  });
}

function choose(step) {
  const rows = [...found.querySelectorAll("a")];
  const at = rows.findIndex(it => it.classList.contains("chosen"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  rows[at]?.classList.remove("chosen");
  next?.classList.add("chosen");
  next?.scrollIntoView({ block: "nearest" });
}

input.addEventListener("input", show);
input.addEventListener("focus", () => input.value && show());
input.addEventListener("keydown", event => {
  if (event.key === "ArrowDown") choose(1);
  else if (event.key === "ArrowUp") choose(-1);
  else if (event.key === "Enter")
    (found.querySelector(".chosen") ?? found.querySelector("a"))?.click();
  else if (event.key === "Escape") found.hidden = true;
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key !== "/" || /^(INPUT|TEXTAREA)$/.test(event.target.tagName))
    return;
  event.preventDefault();
  input.focus();
});
document.addEventListener("click", event => {
  if (!event.target.closest(".search") || event.target.closest(".found a"))
    found.hidden = true;
  if (event.target.closest(".menu li a"))
    document.querySelector(".menu").open = false;
});

// The menu shows where one is.
const menu = document.querySelector(".pages");
const here = menu.querySelector("[aria-current]");
if (here) menu.scrollTop = here.offsetTop - menu.clientHeight / 2;
