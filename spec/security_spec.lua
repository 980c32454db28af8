-- What docs/security.md says, where no other spec shows it; and that each
-- spec that it names is there.

local files = require "spec.support.files"
local finalisers = require "spec.support.finalisers"
local support = require "spec.support"

local read, shell = files.read, files.shell

describe("docs/security.md", function()
  local named = {}
  for line in read "docs/security.md":gmatch "%s+%- (`[mpi/]*spec/[^\n]+)" do
    named[#named + 1] = line
  end

  it("names specs", function()
    assert.is_true(#named > 20)
    for _, line in ipairs(named) do
      assert.matches('^`[mpi/]*spec/[%l_]+_spec%.lua` ".-"$', line)
    end
  end)

  for _, line in ipairs(named) do
    local file, name = line:match '^`([^`]+)` "(.-)"$'
    it("names one that is there: " .. line, function()
      -- A name may be broken over lines.
      local text = read(file):gsub('"%s*%.%.%s*"', "")
      assert.is_truthy(text:find(('it("%s'):format(name), 1, true)
        or text:find(('it(%q'):format(name), 1, true), line)
    end)
  end
end)

describe("a program with more rights than its user", function()
  -- What its user chooses: a compiler, a place of programs, of headers, of
  -- caches.
  local SOURCE <const> = [[
    local _thread = require "threading._thread"
    if not _thread._elevated() then return print "plain" end
    local k = require "threading".kernel(
      '#if __has_include("own.h") || __has_include(<own.h>)\n#error own\n'
      .. "#endif\nint n(void) { return 5; }")
    print(k.n())
  ]]

  it("takes nothing from its environment", function()
    local directory = files.folder()
    local function run()
      for name, text in pairs {
        cc = "#!/bin/sh\ntouch " .. directory .. "/evil\nexit 1\n",
        ["own.h"] = "", ["program.lua"] = SOURCE,
      } do
        files.write(directory .. "/" .. name, text)
      end
      shell("cd %s; cp -L %s lua; chmod 4755 lua; chmod 755 . cc; "
        .. "mkdir -m 777 home", directory, support.interpreter())
      local command = support.lua_command():gsub("[^ ]+$",
        directory .. "/lua")
      return shell("cd %s && export CC=%s/cc XDG_CACHE_HOME=%s/home "
        .. "TMPDIR=%s/home CPATH=%s THREADING_DEBUG=1 PATH=%s:$PATH && "
        .. "setpriv --reuid 65534 --clear-groups %s program.lua",
        directory, directory, directory, directory, directory, directory,
        command)
    end
    local out = run()
    local left = shell("ls -A %s/home; ls %s/evil", directory, directory)
    os.execute("rm -rf " .. directory)
    if shell "id -u" ~= "0" or not out:find "^%d" then
      pending("no such program can be made here: " .. out)
      return
    end
    assert.equal("5", out)
    assert.matches("^ls: [^\n]+evil", left)
  end)
end)

describe("the folder of the kernels", function()
  local directory

  before_each(function()
    directory = files.folder()
  end)

  after_each(function()
    os.execute("rm -rf " .. directory)
  end)

  local function compile()
    return support.run([[
      print(require "threading".kernel("int n(void) { return 5; }").n())
    ]], { before = "export THREADING_DEBUG=1 XDG_CACHE_HOME=" .. directory })
  end

  it("that belongs to another user is left out", function()
    if shell "id -u" ~= "0" then
      pending "only root can give a folder away"
      return
    end
    shell("mkdir -m 700 %s/threading", directory)
    shell("chown 65534 %s/threading", directory)
    local r = compile()
    assert.equal("5\n", r.out)
    assert.matches("not kept in the cache: other users can write to "
      .. directory .. "/threading, or own it", r.err, 1, true)
    assert.equal("", shell("ls -A %s/threading", directory))
  end)

  it("that is a file is left out", function()
    shell("touch %s/threading", directory)
    local r = compile()
    assert.equal("5\n", r.out)
    assert.matches("not kept in the cache: " .. directory .. "/threading: ",
      r.err, 1, true)
  end)

  it("serves though a link stands at the file's place: it is replaced",
    function()
      assert.equal("5\n", compile().out)
      local name = shell("ls %s/threading", directory)
      local file = ("%s/threading/%s"):format(directory, name)
      shell("echo precious >%s/precious", directory)
      shell("ln -sf ../precious %s", file)
      assert.equal("5\n", compile().out)
      assert.equal("precious\n", read(directory .. "/precious"))
      assert.matches("^%-rw%-%-%-%-%-%-%-", (shell("ls -l %s", file)))
    end)
end)

describe("Lua code", function()
  it("cannot reach metatables of the objects without debug", function()
    for _, object in ipairs(finalisers.all()) do
      assert.is_false(getmetatable(object), tostring(object))
      assert.is_false((pcall(setmetatable, object, {})))
    end
  end)

  it("that has debug, and calls a finaliser, gets an error", function()
    for _, object in ipairs(finalisers.all()) do
      finalisers.call(object)
      for name, method in pairs(finalisers.methods(object)) do
        if name == "is_set" or name == "locked" or name == "qsize" then
          assert.is_true((pcall(method, object)), name)
        end
      end
    end
  end)
end)

describe("signals from outside", function()
  it("of preemption change nothing, however many", function()
    local out = support.output_of [[
      local threading = require "threading"
      local pid = io.popen "echo $PPID":read "n"
      local hook = debug.gethook() -- what measures coverage has one
      local done = os.tmpname()
      os.remove(done)
      os.execute(([=[
        (i=0; while [ $i -lt 2000 ]; do kill -URG %d; i=$((i+1)); done
         echo >%s) & ]=]):format(pid, done))
      local function sums()
        local n = 0
        for i = 1, 1000 do
          n = n + #tostring(i)
        end
        return n
      end
      local ended = false
      local other = threading.Thread { target = function()
        while not ended do assert(sums() == 2893) end
      end }
      other:start()
      while not io.open(done) do assert(sums() == 2893) end
      os.remove(done)
      ended = true
      other:join()
      assert(debug.gethook() == hook)
      print "right"
    ]]
    assert.equal("right\n", out)
  end)
end)

describe("a program that is started", function()
  it("inherits no descriptor of the library's", function()
    if not os.execute "test -d /proc/self/fd" then
      pending "no /proc here"
      return
    end
    local out = support.output_of [[
      local function open_ones()
        local pipe = io.popen "ls -l /proc/self/fd | sed 's/.*-> //' | sort"
        local text = pipe:read "a"
        pipe:close()
        return (text:gsub("%d+", ""))
      end
      local before = open_ones()
      local threading = require "threading"
      threading.kernel("int n(void) { return 5; }")
      local event = threading.Event()
      local t = threading.Thread { target = event.wait, args = { event } }
      t:start()
      print(open_ones() == before)
      event:set()
    ]]
    assert.equal("true\n", out)
  end)
end)
