--- A real browser, without a window, for what is to be looked at in one.

local files = require "spec.support.files"

local browser = {}

local program
for _, name in ipairs { "chromium", "chromium-browser", "google-chrome" } do
  if not program and files.has(name) then
    program = name
  end
end

--- Is there one? Specs that need it are left out with this word elsewhere.
browser.missing = not program and "needs chromium" or nil

local OPTIONS <const> = "--headless --no-sandbox --disable-gpu "
  .. "--window-size=1200,800 --dump-dom"

-- A function of JavaScript for the probes: how often a canvas has each colour,
-- in a column (x: a share of its width).
local HELP <const> = [[
  function colours(canvas, x) {
    const n = {}, at = Math.min(canvas.width - 1, Math.floor(x));
    const { data } = canvas.getContext("2d")
      .getImageData(at, 0, 1, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      const name = "#" + [...data.slice(i, i + 3)]
        .map(v => v.toString(16).padStart(2, "0")).join("");
      n[name] = (n[name] ?? 0) + 1;
    }
    return n;
  }
  function say(...words) {
    const lines = document.getElementById("said")
      ?? document.body.appendChild(document.createElement("pre"));
    lines.id = "said";
    lines.textContent += words.join(" ") + "\n";
  }
  addEventListener("error", event => say("error: " + event.message));
]]

--- Shows a page, with a script of the spec's at its end, which says what it
-- finds with say(...).
-- @tparam string html
-- @tparam string probe
-- @tparam[opt] string hash what the address ends with
-- @tparam[opt] string options more of the browser's
-- @treturn string what it said
-- @treturn string the page as it was in the end
-- @treturn string what came to the console, where --enable-logging=stderr is
-- among the options
function browser.look(html, probe, hash, options)
  local folder = files.folder()
  html = html:gsub("<body>", function(tag)
    return tag .. "<script>" .. HELP .. "</script>"
  end, 1)
  files.write(folder .. "/page.html", html .. "<script>" .. probe
    .. "</script>")
  local dom, said
  for _ = 1, 3 do -- on a busy machine it may give up before a frame is drawn
    dom = files.shell("HOME=%s timeout 60 %s %s %s 'file://%s/page.html%s'"
      .. " 2>%s/log", folder, program, OPTIONS, options or "", folder,
      hash or "", folder)
    said = dom:match '<pre id="said">(.-)</pre>'
    if said then
      break
    end
  end
  local log = {}
  for line in files.read(folder .. "/log"):gmatch "[^\n]+" do
    log[#log + 1] = line:match "CONSOLE.-%] (.*)"
  end
  os.execute("rm -r " .. folder)
  said = said or "nothing was said"
  return (said:gsub("&gt;", ">"):gsub("&lt;", "<"):gsub("&amp;", "&")), dom,
    table.concat(log, "\n")
end

return browser
