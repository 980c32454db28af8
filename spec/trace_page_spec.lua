-- The page of a run, and the picture, as a browser shows them.

local browser = require "spec.support.browser"
local files = require "spec.support.files"
local page = require "threading.trace.page"
local picture = require "threading.trace.picture"
local traces = require "spec.support.traces"

local span = traces.span

-- What `make` writes of these events.
local function made(make, text)
  local source, target = files.new(text), os.tmpname()
  assert(make(source, target))
  os.remove(source)
  return files.read_and_remove(target)
end

local NAMES <const> = '[{"ph":"M","pid":0,"tid":1,"name":"thread_name",'
  .. '"args":{"name":"One"}},'

-- A thread that runs Lua for half of a second, and is ready for the other half.
local halves = NAMES .. span("lua", 0, 500000) .. ","
  .. span("ready", 500000, 1000000) .. "]"

-- One that again and again runs for one microsecond, and is ready for two.
local function thirds(us)
  local list = {}
  for i = 0, us - 1, 3 do
    list[#list + 1] = span("lua", i, i + 1)
    list[#list + 1] = span("ready", i + 1, i + 3)
  end
  return NAMES .. table.concat(list, ",")
end

-- The colours in a column of the timeline, of those that kinds have.
local PROBE <const> = [[
  const style = getComputedStyle(document.documentElement);
  const canvas = document.getElementById("main");
  function seen(part) {
    const n = colours(canvas, 170 + part * (canvas.width - 170));
    return ["lua", "ready", "lock", "wait", "hit"].flatMap(id => {
      const rows = n[style.getPropertyValue("--" + id).trim()];
      return rows ? [id, rows] : [];
    }).join(" ");
  }
  function drawn(then) {
    new MutationObserver((_, observer) => {
      observer.disconnect();
      then();
    }).observe(document.getElementById("span"), { childList: true });
  }
]]

local function look(text, probe, hash, options)
  return browser.look(made(page, text), PROBE .. probe, hash, options)
end

local function shown(name, fn)
  it(name, function()
    if browser.missing then
      pending(browser.missing)
      return
    end
    fn()
  end)
end

describe("The page of a run", function()
  shown("paints what a thread did, when", function()
    assert.equal("lua 24\nready 24\n", look(halves, [[
      say(seen(.25));
      say(seen(.75));
    ]], "#from=0&to=1000000000"))
  end)

  shown("paints under a pixel what share of its time each kind had", function()
    assert.equal("lua 8 ready 16\nlua 8 ready 16\n", look(thirds(30000),
      "say(seen(.25)); say(seen(.75));", "#from=0&to=30000000"))
  end)

  shown("is dark on dark ground, and where one wants it", function()
    local probe = [[say(Object.keys(colours(canvas, 600)).includes(
      "#15181d"));]]
    assert.equal("false\n", look(halves, probe))
    assert.equal("true\n", look(halves, probe, "#theme=dark"))
    assert.equal("true\n", look(halves, probe, "",
      "--blink-settings=preferredColorScheme=0"))
  end)

  shown("zooms to where the pointer is, and pulls", function()
    assert.equal("lua 24 lua 24\nready 24 ready 24\n", look(halves, [[
      const box = canvas.getBoundingClientRect();
      function point(type, x, y, more) {
        canvas.dispatchEvent(new (type === "wheel" ? WheelEvent : PointerEvent)
          (type, { clientX: box.left + x, clientY: box.top + y, pointerId: 1,
            bubbles: true, cancelable: true, ...more }));
      }
      canvas.setPointerCapture = () => {};
      const quarter = 170 + (canvas.width - 170) / 4;
      for (let i = 0; i < 5; i++)
        point("wheel", quarter, 100, { deltaY: -300 });
      drawn(() => {
        say(seen(.05), seen(.95));
        for (let i = 0; i < 20; i++) {
          point("pointerdown", 900, 100);
          point("pointermove", 200, 100);
          point("pointerup", 200, 100);
        }
        drawn(() => say(seen(.05), seen(.3)));
      });
    ]], "#from=0&to=1000000000", "--virtual-time-budget=20000"))
  end)

  shown("finds what one looks for, and tells what is clicked", function()
    local text = NAMES .. span("lua", 0, 400000) .. ","
      .. span("wait", 400000, 1000000, ',"args":{"object":"Lock accounts",'
      .. '"kind":"Lock","at":"bank.lua:31","held_by":"Two",'
      .. '"held_at":"bank.lua:7"}') .. "]"
    assert.equal([[
1 match
lock 24
waits for a lock: Lock accounts; thread One; for 600 ms; from 0.400 s
kind Lock; at bank.lua:31; held by Two; held at bank.lua:7
]], look(text, [[
      say(document.getElementById("found").textContent);
      say(seen(.2) + seen(.7));
      const find = document.getElementById("find");
      find.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
      const told = document.getElementById("picked");
      const facts = [...told.querySelectorAll("dt")].map(it =>
        it.textContent + " " + it.nextSibling.textContent);
      facts.unshift(told.querySelector("h2").textContent);
      say(facts.slice(0, 4).join("; "));
      say(facts.slice(4).join("; "));
    ]], "#from=0&to=1000000000&find=accounts"))
  end)

  shown("draws arrows, where they are few", function()
    local function dark(n)
      local list = { '{"ph":"M","pid":0,"tid":2,"name":"thread_name",'
        .. '"args":{"name":"Two"}}', span("lua", 0, 1000) }
      for i = 1, n do
        list[#list + 1] = ('{"ph":"s","pid":0,"tid":1,"cat":"wake","id":%d,'
          .. '"ts":%d}'):format(i, 500)
        list[#list + 1] = ('{"ph":"f","pid":0,"tid":2,"cat":"wake","id":%d,'
          .. '"ts":%d}'):format(i, 501)
      end
      return look(NAMES .. table.concat(list, ","),
        'say(document.getElementById("told").textContent)')
    end
    assert.equal("\n", dark(0))
    assert.equal("1 arrow\n", dark(1))
    assert.equal("zoom in to see the arrows\n", dark(1000))
  end)

  shown("has the tables of the run", function()
    local said = look(traces.run(3000, 4, 2), [[
      for (const it of document.querySelectorAll("h2"))
        say(it.textContent, it.parentNode.querySelectorAll("tbody tr").length);
    ]])
    assert.equal([[
Threads the whole run 8
What would help 0
Waited for 5
The global lock 2
Functions of C that kept the global lock 0
Locks 0
Without the global lock 2
Keys and pointers 0
]], said)
  end)

  shown("shows any text as it is", function()
    local name = [[<b>&amp;"'</b></script>{{title}}]]
    local text = '[{"ph":"M","pid":0,"tid":1,"name":"thread_name","args":'
      .. '{"name":"' .. name:gsub('"', '\\"') .. '"}},'
      .. span("wait", 0, 1000, ',"args":{"object":"<i>\\u0041"}') .. "]"
    assert.equal(name .. "\n<i>A\n", look(text, [[
      say(document.querySelector("#threads td").textContent);
      say(document.querySelector("[data-find]").dataset.find);
    ]]))
  end)

  shown("is there for a run without events", function()
    assert.equal("0 events\n", look("[", [[
      say(document.getElementById("drawn").textContent.split(",")[0]);
    ]]))
  end)

  shown("stays usable with 500,000 events #long", function()
    local text, n = traces.run(500000, 12, 2)
    assert.is_true(n >= 500000)
    local said, dom = look(text, [[
      say(Object.keys(colours(canvas, 600)).length > 5);
    ]], "", "--timeout=60000")
    assert.equal("true\n", said)
    local count, ms = dom:match ">([%d,]+) events, drawn in ([%d.]+) ms<"
    assert.is_true(tonumber((count:gsub(",", ""))) > 499900)
    print(("a page of %s events was drawn in %s ms"):format(count, ms))
  end)
end)

describe("The picture of a run", function()
  shown("has what a thread did, on light and on dark ground", function()
    local svg = made(picture, halves)
    local html = "<!doctype html><body><script type='text/plain' id='svg'>"
      .. svg .. "</script><canvas id='main'></canvas>"
    local probe = [[
      const image = new Image(), canvas = document.getElementById("main");
      image.onload = () => {
        canvas.width = image.width;
        canvas.height = image.height;
        canvas.getContext("2d").drawImage(image, 0, 0);
        for (const x of [300, 700]) {
          const n = colours(canvas, x);
          say(["#2f9e6c", "#f5cb74", "#37a877", "#96702f", "#ffffff",
            "#15181d"].filter(name => n[name] >= 20).join(" "));
        }
      };
      image.src = "data:image/svg+xml," + encodeURIComponent(
        document.getElementById("svg").textContent);
    ]]
    assert.equal("#2f9e6c #ffffff\n#f5cb74 #ffffff\n", browser.look(html, probe,
      "", "--virtual-time-budget=2000"))
    assert.equal("#37a877 #15181d\n#96702f #15181d\n", browser.look(html, probe,
      "", "--virtual-time-budget=2000 --blink-settings=preferredColorScheme=0"))
  end)

  it("is not larger for more events than it has room for", function()
    local size = #made(picture, thirds(30000))
    assert.is_true(#made(picture, thirds(90000)) < 1.1 * size)
  end)
end)

describe("page and picture", function()
  it("say what they cannot read or write", function()
    for _, make in ipairs { page, picture } do
      local ok, err = make("/nowhere/run.json", "/tmp/x")
      assert.is_nil(ok)
      assert.equal("/nowhere/run.json: No such file or directory", err)
      local source = files.new "{}"
      ok, err = make(source, "/tmp/x")
      assert.is_nil(ok)
      assert.equal(source .. ": it is not a list of events in JSON", err)
      files.write(source, "[")
      ok, err = make(source, "/nowhere/x")
      assert.is_nil(ok)
      assert.equal("/nowhere/x: No such file or directory", err)
      os.remove(source)
    end
  end)

  it("want names of files", function()
    assert.error_matches(function() page(nil, "x") end,
      "bad argument 'source' to 'page' %(string expected, got nil%)")
    assert.error_matches(function() picture("x", {}) end,
      "bad argument 'name' to 'picture' %(string expected, got table%)")
  end)
end)
