-- The page's frame; what is in double braces is filled in.

return [==[
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>{{title}}: what its threads did</title>
<style>{{style}}</style>
</head>
<body>
<header>
  <h1>{{title}}<small>{{threads}} threads, {{length}}</small></h1>
  <div id="tools">
    <span id="found" aria-live="polite"></span>
    <input id="find" type="search" placeholder="Search ( / )"
      aria-label="Search names, objects, places, threads">
    <button id="out" title="Zoom out (s)">−</button>
    <button id="in" title="Zoom in (w)">+</button>
    <button id="fit" title="The whole run (0)">all</button>
    <button id="theme" title="Dark or light (t)">◐</button>
    <button id="what" title="Keys and pointers (?)">?</button>
  </div>
</header>
<canvas id="all" aria-hidden="true"></canvas>
<canvas id="main" tabindex="0" role="img"
  aria-label="A row for each thread, from left to right in time"></canvas>
<div id="bar">
  <div id="kinds" role="group" aria-label="What is shown">{{legend}}</div>
  <p><span id="span"></span><span id="told"></span><span id="drawn"></span></p>
</div>
<main>
  <section id="picked" hidden></section>
  <section><h2>Threads <small id="when"></small></h2>
    <table><thead><tr><th>thread</th><th>what it did</th>
      <th class="n">Lua</th><th class="n">ready</th></tr></thead>
      <tbody id="threads"></tbody></table></section>
  {{tables}}
</main>
<div id="tip" role="tooltip" hidden></div>
<dialog id="help">
  <h2>Keys and pointers</h2>
  <dl>
    <dt><kbd>wheel</kbd></dt><dd>zooms to where the pointer is; over the names
      it scrolls; with <kbd>shift</kbd> it moves in time</dd>
    <dt>drag</dt><dd>moves; on the axis of time, or with <kbd>shift</kbd>, it
      selects a part to zoom to</dd>
    <dt>click</dt><dd>tells more; a double click zooms to it</dd>
    <dt><kbd>w</kbd> <kbd>s</kbd></dt><dd>zoom in, out</dd>
    <dt><kbd>a</kbd> <kbd>d</kbd></dt><dd>move in time</dd>
    <dt><kbd>0</kbd> <kbd>f</kbd></dt><dd>the whole run; what was
      clicked</dd>
    <dt><kbd>/</kbd> <kbd>n</kbd> <kbd>N</kbd></dt><dd>search; the next match,
      the one before</dd>
    <dt><kbd>r</kbd> <kbd>t</kbd></dt><dd>arrows; dark or light</dd>
  </dl>
  <p>Where many spans share a pixel, its column shows how much of that time
    each kind had. A link with the address of this page shows the same part of
    the run.</p>
  <button>Close</button>
</dialog>
<script type="application/json" id="events">{{events}}</script>
<script>
"use strict";
(() => {
{{script}}
})();
</script>
</body>
</html>
]==]
