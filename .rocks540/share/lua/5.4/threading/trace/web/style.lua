-- How the page looks, on light and on dark ground.

return [==[
:root {
  color-scheme: light;
  --ground: #ffffff; --edge: #dfe3e8; --soft: #f5f7f9; --zebra: #fafbfc;
  --grid: #edf0f3; --ink: #1c2430; --faint: #66707e; --accent: #2463c4;
  --lua: #2f9e6c; --c: #3b7ddb; --kernel: #8b5fd3; --ready: #f5cb74;
  --lock: #e8705f; --wait: #dce1e8; --fd: #b4d4e2; --hit: #d6249f;
  --shade: rgb(20 30 50 / 12%); --veil: rgb(120 135 155 / 22%);
}
:root[data-theme="dark"] {
  color-scheme: dark;
  --ground: #15181d; --edge: #2c323b; --soft: #1b1f26; --zebra: #181b21;
  --grid: #20252d; --ink: #e4e8ee; --faint: #929cab; --accent: #7fb0ff;
  --lua: #37a877; --c: #4f8fe6; --kernel: #9a72e0; --ready: #96702f;
  --lock: #d95f52; --wait: #323945; --fd: #3b6273; --hit: #ff6ac6;
  --shade: rgb(0 0 0 / 45%); --veil: rgb(150 170 200 / 20%);
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body {
  display: flex; flex-direction: column; overflow: hidden;
  background: var(--ground); color: var(--ink);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", "DejaVu Sans",
    sans-serif;
  font-variant-numeric: tabular-nums;
}
header {
  display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px;
  padding: 8px 14px; border-bottom: 1px solid var(--edge);
  background: var(--soft);
}
h1 { margin: 0; font-size: 15px; font-weight: 650; }
h1 small { margin-left: 8px; font-size: 12px; font-weight: 400;
  color: var(--faint); }
#kinds { display: flex; flex-wrap: wrap; gap: 2px; }
#tools { display: flex; align-items: center; gap: 4px; margin-left: auto; }
button, input {
  font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--edge); border-radius: 6px; padding: 3px 9px;
}
button { cursor: pointer; }
button:hover { border-color: var(--faint); }
button:focus-visible, input:focus-visible, canvas:focus-visible {
  outline: 2px solid var(--accent); outline-offset: -1px;
}
#kinds button { font-size: 12px; padding: 1px 8px 1px 6px;
  border-color: transparent; background: none; }
#kinds button:hover { border-color: var(--edge); }
#kinds button[aria-pressed="false"] { opacity: .4;
  text-decoration: line-through; }
i.patch { display: inline-block; width: 10px; height: 10px;
  margin-right: 6px; border-radius: 3px; vertical-align: -0.5px; }
#find { width: 190px; }
#found { min-width: 64px; color: var(--faint); font-size: 12px; }
#all, #main { display: block; width: 100%; touch-action: none; }
#all { flex: none; height: 46px; cursor: ew-resize;
  border-bottom: 1px solid var(--edge); }
#main { flex: none; cursor: crosshair; user-select: none; }
#main.pulls { cursor: grabbing; }
#bar { display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 4px 10px;
  align-items: center;
  border-block: 1px solid var(--edge); background: var(--soft);
  color: var(--faint); font-size: 12px; }
#bar p { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 4px 0 auto; }
#bar span:empty { display: none; }
main { flex: 1; min-height: 0; overflow: auto; padding: 14px;
  columns: 440px; column-gap: 14px; }
section { break-inside: avoid; margin: 0 0 14px; padding: 10px 14px 12px;
  border: 1px solid var(--edge); border-radius: 10px; overflow-x: auto; }
h2 { margin: 0 0 6px; font-size: 13px; font-weight: 650; }
h2 small { margin-left: 6px; font-weight: 400; color: var(--faint); }
p, ul { margin: 0 0 6px; }
ul { padding-left: 18px; }
table { width: 100%; border-collapse: collapse; }
th { font-weight: 500; color: var(--faint); text-align: left; }
th, td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--grid);
  vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th.n, td.n { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
td small { display: block; color: var(--faint); overflow-wrap: anywhere; }
tr[data-find] { cursor: pointer; }
tr[data-find]:hover td, tr[data-row]:hover td { background: var(--soft); }
tr[data-row] { cursor: pointer; }
.share { display: flex; width: 100%; min-width: 90px; height: 12px;
  margin-top: 3px; border-radius: 3px; overflow: hidden;
  background: var(--grid); }
.empty { color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr;
  gap: 1px 14px; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
a { color: var(--accent); cursor: pointer; text-decoration: none; }
a:hover { text-decoration: underline; }
#tip { position: fixed; z-index: 2; max-width: 380px; padding: 7px 10px;
  pointer-events: none; background: var(--ground);
  border: 1px solid var(--edge); border-radius: 8px;
  box-shadow: 0 4px 18px var(--shade); }
#tip[hidden] { display: none; }
#tip b { font-weight: 650; }
#tip dl { font-size: 12px; margin-top: 3px; }
dialog { max-width: 480px; color: inherit; background: var(--ground);
  border: 1px solid var(--edge); border-radius: 12px; padding: 18px 22px; }
dialog p { margin: 12px 0; }
dialog::backdrop { background: rgb(0 0 0 / 35%); }
kbd { padding: 0 5px; font: inherit; font-size: 12px;
  border: 1px solid var(--edge); border-bottom-width: 2px;
  border-radius: 4px; background: var(--soft); }
@media (max-width: 640px) {
  header { padding: 6px 10px; }
  #kinds button { padding: 0 4px; }
  #find { width: 120px; }
  #tools { margin-left: 0; width: 100%; }
  main { padding: 10px; columns: auto; }
}
]==]
