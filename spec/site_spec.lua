-- The site that `make docs` makes: what is there, where its links lead, what it
-- looks like in a browser, and what its examples print.

local browser = require "spec.support.browser"
local files = require "spec.support.files"
local support = require "spec.support"
local types = require "spec.support.types"

local order = dofile "tools/site/order.lua"

local missing
for _, program in ipairs { "ldoc", "cmark-gfm" } do
  if not files.has(program) then
    missing = "needs " .. program
  end
end

local has_socket = pcall(require, "socket")
local folder, pages, data = nil, {}, nil

local function each_page(fn)
  for name, html in pairs(pages) do
    fn(name, html)
  end
end

local function anchors(html)
  local ids = {}
  for id in html:gmatch ' id="([^"]*)"' do
    ids[id] = true
  end
  return ids
end

-- The file that a link of a page means.
local function target(name, link)
  local path = (name:match "^(.*/)" or "") .. link
  local n
  repeat
    path, n = path:gsub("[^/.]+/%.%./", "", 1)
  until n == 0
  return (path:gsub("^%./", ""))
end

local function shown(name, fn)
  it(name, function()
    if missing or browser.missing then
      pending(missing or browser.missing)
      return
    end
    fn()
  end)
end

-- What an example prints, by its own word: the comments behind `-->`.
local function promised(source)
  local lines = {}
  for line in (source .. "\n"):gmatch "%-%-> ([^\n]*)\n" do
    lines[#lines + 1] = line
  end
  return #lines > 0 and table.concat(lines, "\n") .. "\n" or nil
end

describe("The order of the site", function()
  it("has what it does not name at its place, and nothing empty", function()
    local groups = { { title = "First", "b", "a" }, { title = "None", "x" },
      { title = "More", "*", "z" } }
    assert.same({ { title = "First", "b", "a" },
      { title = "More", "new", "newer", "z" } },
      order.sort(groups, { "a", "b", "new", "newer", "z" }))
  end)
end)

describe("The site #long", function()
  lazy_setup(function()
    if missing then
      return
    end
    folder, data = files.folder(), os.tmpname()
    local said, ok = files.shell("LDOC_DATA=%s tools/docs %s", data, folder)
    assert(ok, said)
    for name in files.shell("cd %s && find . -name '*.html'", folder)
        :gmatch "%./([^\n]+)" do
      pages[name] = files.read(folder .. "/" .. name)
    end
  end)

  lazy_teardown(function()
    if folder then
      os.execute("rm -r " .. folder)
      os.remove(data)
    end
  end)

  local function about(name, fn)
    it(name, function()
      if missing then
        pending(missing)
        return
      end
      fn()
    end)
  end

  about("has a page of every module and class", function()
    for name in pairs(types.classes) do
      local page = pages["reference/" .. name .. ".html"]
      for key in pairs(page and types.classes[name].functions or {}) do
        assert(anchors(page)[key], name .. "." .. key)
      end
    end
    for _, mod in ipairs(dofile(data)) do
      local name = order.merged[mod.name] or mod.name
      assert(pages["reference/" .. name .. ".html"], name)
      -- What is a rock of its own has its types there.
      assert(types.classes[name] or name:find "^threading%.mpi", name)
    end
  end)

  about("has a page of every guide and example", function()
    for name in files.shell "ls README*.md docs/*.md examples/*.lua"
        :gmatch "[^\n]+" do
      name = name:gsub("%.%l+$", ""):gsub("README", "index")
      assert(pages[name .. ".html"], name)
    end
    for name in pairs(pages) do
      assert(name == "index.html" or name:find "^sources/"
        or pages["index.html"]:find('href="' .. name .. '"', 1, true)
        or name:find "%.zh%-CN%.html$", name .. " is not in the menu")
    end
  end)

  about("has links that lead somewhere", function()
    local ids = {}
    each_page(function(name, html)
      ids[name] = anchors(html)
    end)
    each_page(function(name, html)
      for link in html:gmatch ' [hs]re?[fc]="([^"]*)"' do
        local path, anchor = link:gsub("%%(%x%x)", function(hex)
          return string.char(tonumber(hex, 16))
        end):match "^([^#]*)#?(.*)$"
        local file = path == "" and name or target(name, path)
        if not link:find "^%a+:" then
          assert(pages[file] or files.read(folder .. "/" .. file), name)
          assert(anchor == "" or ids[file][anchor],
            name .. ": there is no " .. link)
        end
      end
    end)
  end)

  about("has no rests of markup, and nothing empty", function()
    each_page(function(name, html)
      local text = html:gsub("<pre.-</pre>", ""):gsub("<code.-</code>", "x")
      for _, rest in ipairs { "%*%*", "`", "@{", "<li>%s*</li>",
          "<p>%s*</p>", "<dd>%s*</dd>", "@%l+" } do
        local found = text:match(rest .. "[^\n]*")
        assert(not found or rest == "@%l+" and not name:find "^reference/",
          name .. ": " .. tostring(found))
      end
    end)
  end)

  about("is not made where a link leads nowhere", function()
    local said, ok = files.shell([[LUA_PATH='tools/?.lua;;' %s -e '
      local links = require "site.links"
      links.resolve({ url = "index.html", source = "README.md" }, "no.md")']],
      support.interpreter())
    assert.is_nil(ok)
    assert.equal("docs: README.md: a link to no.md, where nothing is", said)
  end)

  about("has an anchor once in a page", function()
    each_page(function(name, html)
      local seen = {}
      for id in html:gmatch ' id="([^"]*)"' do
        assert(not seen[id], name .. "#" .. id)
        seen[id] = true
      end
    end)
  end)

  about("needs no other place", function()
    each_page(function(name, html)
      assert(not html:find '<%l+[^>]+src="%a+:', name)
      assert(not html:find '<link[^>]+href="%a+:', name)
    end)
    assert.is_nil(files.read(folder .. "/style.css"):find "url%(")
    assert.is_nil(files.read(folder .. "/site.js"):find "https?:")
  end)

  about("shows of each class an example, which does what it says", function()
    for _, mod in ipairs(dofile(data)) do
      local source = mod.usage[1]
      assert(source or mod.type ~= "classmod" or order.merged[mod.name],
        mod.name .. ": no @usage")
      if source then
        assert(load(source, "@" .. mod.name))
        local lines = (has_socket or not source:find "threading%.socket")
          and promised(source)
        assert.equal(lines, lines
          and support.output_of(source):gsub("\t", " "), mod.name)
      end
    end
  end)

  -- All pages in frames of a window as narrow as a telephone, and what is
  -- wider than it.
  shown("fits into 390 pixels, and has no errors", function()
    local names = {}
    each_page(function(name)
      names[#names + 1] = ('"%s"'):format(name)
    end)
    local said, _, log = browser.look("<body>", ([[
      const folder = "file://%s/", names = [%s];
      let frames = 4;
      function next(frame) {
        const name = names.pop();
        if (!name) return --frames || say("end");
        frame.onload = () => {
          const page = frame.contentDocument.documentElement;
          if (page.scrollWidth > 390) say(name, page.scrollWidth);
          next(frame);
        };
        frame.src = folder + name;
      }
      for (let i = 0; i < 4; i++) {
        const frame = document.createElement("iframe");
        frame.style = "width: 390px; height: 100px; border: 0";
        document.body.append(frame);
        next(frame);
      }
    ]]):format(folder, table.concat(names, ",")), "",
      "--disable-web-security --allow-file-access-from-files "
      .. "--user-data-dir=" .. folder .. "/chromium --enable-logging=stderr "
      .. "--virtual-time-budget=100000")
    assert.equal("end\n", said)
    assert.equal("", log)
  end)

  -- The search of a page, as somebody types.
  shown("finds what one looks for", function()
    local said, _, log = browser.look(pages["index.html"]:gsub("<head>",
      '<head><base href="file://' .. folder .. '/">'), [[
      function ask(words, then) {
        const input = document.querySelector(".search input");
        input.value = words;
        input.dispatchEvent(new Event("input"));
        const wait = setInterval(() => {
          if (typeof searchIndex === "undefined") return;
          clearInterval(wait);
          setTimeout(() => {
            const first = document.querySelector(".found > *");
            say(first.tagName, first.getAttribute("href") ?? "nothing");
            then?.();
          }, 0);
        }, 10);
      }
      addEventListener("load", () =>
        ask("wait_fd", () => ask("Lock guard", () => ask("barrier", () =>
          ask("nowhere to be found xyzzy")))));
    ]], "", "--virtual-time-budget=20000 --enable-logging=stderr")
    assert.equal([[
A ./reference/threading.io.html#wait_fd
A ./reference/threading.Lock.html#guard
A ./reference/threading.html#Barrier
P nothing
]], said)
    assert.equal("", log)
  end)
end)
