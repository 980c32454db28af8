-- The cache of what was compiled.

local _thread = require "threading._thread"
local files = require "spec.support.files"
local kernels = require "spec.support.kernels"
local support = require "spec.support"
local threading = require "threading"

local read, shell, write = files.read, files.shell, kernels.write
local script, ls, new_cache = kernels.script, kernels.ls, kernels.new_cache
local cache_file, ADD, cc = kernels.cache_file, kernels.ADD, kernels.cc

describe("kernel", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

  describe("the cache", function()
    -- Counts how often a kernel is compiled, with `quick` or another one.
    local function counting(name, compiler)
      local log = kernels.folder .. "/" .. name .. ".log"
      return script(name, ([[
        case " $* " in *" -o "*) echo compiled >>%s;; esac
        exec %s "$@"]]):format(log, compiler or kernels.quick)), function()
        local f <close> = io.open(log)
        return f and select(2, f:read "a":gsub("compiled", "")) or 0
      end
    end

    it("is for this user alone, and used by the next program", function()
      local path, before = new_cache "kept"
      local compiler, count = counting "count-kept"
      before = before .. " CC=" .. compiler .. "; umask 000"
      for _ = 1, 3 do
        assert.equal("5\n", support.output_of(ADD, { before = before }))
      end
      assert.equal(1, count())
      local file = cache_file(path)
      assert.equal("drwx------", (shell("ls -ld %s/threading", path)
        :sub(1, 10)))
      assert.equal("-rw-------", (shell("ls -l %s", file):sub(1, 10)))
    end)

    it("tells apart sources, flags and compilers", function()
      local compiler, count = counting "count-apart"
      local function use(source, options)
        options.cc = compiler
        return threading.kernel(source, options)
      end
      local a, b = "int apart(void) { return 1; }",
        "int apart(void) { return 2; }"
      assert.equal(1, use(a, {}).apart())
      assert.equal(2, use(b, {}).apart())
      assert.equal(1, use(a, { flags = "-O1" }).apart())
      assert.equal(3, count())
      assert.equal(1, use(a, {}).apart())
      assert.equal(3, count())
    end)

    it("with a damaged file: it is made again", function()
      local path, before = new_cache "damaged"
      local compiler, count = counting "count-damaged"
      before = before .. " CC=" .. compiler
      support.output_of(ADD, { before = before })
      local file = cache_file(path)
      local sound = read(file)
      local middle = #sound // 2
      local damages = {
        "", "rubbish", sound:sub(1, middle), sound:sub(1, -2),
        sound .. "x", ("\0"):rep(#sound), sound:sub(1, middle - 1)
          .. string.char(sound:byte(middle) ~ 1) .. sound:sub(middle + 1),
        sound:sub(1, -9) .. ("\xff"):rep(8), ("\xff"):rep(24),
      }
      for i, damage in ipairs(damages) do
        local f = assert(io.open(file, "wb"))
        f:write(damage)
        f:close()
        assert.equal("5\n", support.output_of(ADD, { before = before }))
        assert.equal(1 + i, count())
        assert.equal(#sound, #read(cache_file(path)))
      end
      support.output_of(ADD, { before = before })
      assert.equal(1 + #damages, count())
    end)

    -- What a program says where others have a hand in its folders.
    local function use_shared(variable, path)
      local tmp = kernels.folder .. "/tmp-of-shared"
      shell("mkdir -p %s", tmp)
      local before = ("export CC=%s XDG_CACHE_HOME= TMPDIR=%s %s=%s"):format(
        kernels.quick, tmp, variable, path)
      local r = support.run(ADD, { before = before .. " THREADING_DEBUG=1" })
      assert.equal("5\n", r.out, r.err)
      assert.same({}, ls(tmp))
      local quiet = support.run(ADD, { before = before })
      assert.equal("5\n", quiet.out)
      assert.equal("", quiet.err)
      return r.err
    end

    local NOT_KEPT <const> = "threading: a kernel is not kept in the cache: "

    it("that another could write is left out", function()
      local path = new_cache "unsafe"
      for _, command in ipairs {
        "mkdir -m 777 %s/threading", "chmod 770 %s/threading",
        "chmod 1777 %s/threading",
      } do
        assert(select(2, shell((command:gsub("%%s", path)))))
        local said = use_shared("XDG_CACHE_HOME", path)
        assert.equal(NOT_KEPT, said:sub(1, #NOT_KEPT))
        assert.matches(path .. "/threading", said, 1, true)
        assert.same({}, ls(path .. "/threading"))
      end
    end)

    it("below a folder that others can write is left out", function()
      local path = new_cache "shared-home"
      for _, mode in ipairs { "777", "775", "2770", "702" } do
        shell("chmod %s %s", mode, path)
        for variable, home in pairs {
          HOME = path, XDG_CACHE_HOME = path .. "/deep",
        } do
          assert.equal(NOT_KEPT .. "other users can write to " .. path
            .. ", or own it\n", use_shared(variable, home))
        end
        assert.same({}, ls(path))
      end
      shell("chmod 755 %s; mkdir -m 777 %s/in; ln -s in %s/link", path, path,
        path)
      for _, way in ipairs { "in", "link", "in/../in/.", "link/" } do
        assert.equal(NOT_KEPT .. "other users can write to " .. path
          .. "/in, or own it\n", use_shared("HOME", path .. "/" .. way))
      end
      assert.same({}, ls(path .. "/in"))
      shell("chmod 1777 %s/in", path) -- as /tmp is
      assert.equal("", use_shared("HOME", path .. "/link"))
      assert.equal(1, #ls(path .. "/in/.cache/threading"))
    end)

    it("by links of this user's or root's", function()
      local path, before = new_cache "links"
      before = before:gsub("^export ", "%0CC=" .. kernels.quick .. " ")
      shell("mkdir %s/true; ln -s %s/true %s/one; ln -s ../one %s/true/two",
        path, path, path, path)
      shell("ln -s loop %s/loop", path)
      local function use(name)
        assert.equal("5\n", support.output_of(ADD, {
          before = before .. "/" .. name,
        }))
      end
      for _, name in ipairs { "true", "one", "one/two", "true/../one/" } do
        use(name)
        cache_file(path .. "/true")
      end
      use "loop"
      shell("mkdir %s/elsewhere; rm -r %s/true/threading", path, path)
      shell("ln -s ../elsewhere %s/true/threading", path)
      use "one"
      assert.equal(1, #ls(path .. "/elsewhere"))
    end)

    it("of folders and links of another user's is left out", function()
      if shell "id -u" ~= "0" then
        pending "only root can give a folder away"
        return
      end
      local path = new_cache "foreign"
      shell("mkdir -m 755 %s/home %s/mine; chown 65534 %s/home", path, path,
        path)
      shell("ln -s mine %s/link; chown -h 65534 %s/link", path, path)
      for _, name in ipairs { "home", "link" } do
        assert.equal(("%sother users can write to %s/%s, or own it\n"):format(
          NOT_KEPT, path, name), use_shared("HOME", path .. "/" .. name))
      end
      shell("chmod 1777 %s", path) -- where each has its own
      assert.not_equal("", use_shared("HOME", path .. "/home"))
      assert.same({}, ls(path .. "/home"))
      assert.same({}, ls(path .. "/mine"))
    end)

    it("with what another user has written: it is made again", function()
      local path, before = new_cache "planted"
      local compiler, count = counting "count-planted"
      before = before .. " CC=" .. compiler
      support.output_of(ADD, { before = before })
      local file = cache_file(path)
      for n, command in ipairs {
        "chmod 666 @; chmod 755 " .. path .. "/threading",
        "mv @ @.so; ln -s @.so @", "rm @; mkfifo @", "rm @; mkdir -p @/x",
      } do
        shell("%s", (command:gsub("@", file)))
        assert.equal("5\n", support.output_of(ADD, { before = before }))
        assert.equal(1 + n, count())
      end
    end)

    it("loads the file that was read, whoever takes its place", function()
      if not os.execute "test -d /proc/self/fd" then
        pending "descriptors have no names here"
        return
      end
      local path = new_cache "exchanged"
      for n = 1, 2 do
        write("exchanged.c", ("int number(void) { return %d; }"):format(n))
        assert(select(2, shell("%s -shared -fPIC -o %s/%d.so %s/exchanged.c",
          cc, path, n, kernels.folder)))
      end
      local place = _thread._folder(path)
      assert.is_string(_thread._read_file(place, "1.so"))
      shell("mv %s/2.so %s/1.so", path, path)
      local handle = assert(_thread._load(place, path .. "/1.so"))
      assert.matches("exchanged/1.so (deleted)", shell(
        "grep exchanged /proc/$PPID/maps | head -1"), 1, true)
      assert.is_userdata(handle)
    end)

    it("that cannot be made: a folder that is removed again", function()
      local tmp = kernels.folder .. "/tmp"
      shell("mkdir %s", tmp)
      for _, where in ipairs {
        "XDG_CACHE_HOME=/dev/null", "XDG_CACHE_HOME=/proc",
        "XDG_CACHE_HOME=relative HOME=", "XDG_CACHE_HOME= HOME=/dev/null",
      } do
        assert.equal("5\n", support.output_of(ADD, {
          before = ("export CC=%s TMPDIR=%s %s"):format(kernels.quick, tmp,
            where),
        }))
        assert.same({}, ls(tmp))
      end
      local r = support.run([[ -- Valgrind itself needs a true one
        local _thread = require "threading._thread"
        local getenv = _thread._getenv
        function _thread._getenv(name)
          return name == "TMPDIR" and "/dev/null" or getenv(name)
        end
      ]] .. ADD, { before = "export XDG_CACHE_HOME=/dev/null" })
      assert.equal(1, r.code)
      assert.matches("neither the cache folder nor /dev/null can be written",
        r.err)
    end)

    it("is made where not even its parents are there", function()
      local path = new_cache "deep"
      assert.equal("5\n", support.output_of(ADD, {
        before = ("export XDG_CACHE_HOME= HOME=%s/a/b"):format(path),
      }))
      assert.equal(1, #ls(path .. "/a/b/.cache/threading"))
    end)

    -- A kernels.folder with headers own.h, in which a program is run.
    local function headers(name, n)
      local path = kernels.folder .. "/" .. name
      shell("mkdir -p %s/sub %s/first", path, path)
      files.write(path .. "/own.h", "#define N " .. n .. "\n")
      return path
    end

    -- Until a run finds all in the cache: what has changed since the compiler
    -- was started is not kept.
    local function settle(run, count)
      local before
      support.wait_until(function()
        before = count()
        run()
        return count() == before
      end)
    end

    local ways = {
      ['#include "own.h"'] = {}, ['#import "own.h"'] = { flags = "-w" },
      ["#include <own.h>"] = { flags = "-I ." },
      ["#include <own.h> // "] = { flags = "-isystem." },
      ["  #  include /* */ \"own.h\" /* */"] = {},
      ["%:include \"own.h\""] = {},
      ["#inc\\\nlude \"ow\\\nn.h\""] = {},
      ["#define NAME \"own.h\"\n#include NAME"] = {},
      ["#define OF(x) #x\n#include OF(own.h)"] = {},
      ["#include HEADER"] = { flags = '-DHEADER="own.h"' },
      [""] = { flags = "-include own.h" },
      ["// "] = { flags = "-imacros own.h" },
      ["#include <own.h> // CPATH"] = { before = "CPATH=." },
      ["#include <own.h> // absolute"] = { before = "CPATH=$PWD" },
      ['asm(".incbin \\"own.h\\"\\n");\n#include "own.h"'] = {},
      ["//@"] = { flags = "@words" },
    }

    local number = 0

    for text, way in pairs(ways) do
      it("knows what a source has read: " .. text:gsub("\n", " "), function()
        number = number + 1
        local path, before = new_cache("read" .. number)
        local compiler, count = counting("count-read" .. number, kernels.honest)
        local work = headers("work", 1)
        files.write(work .. "/words", "-include own.h\n")
        local program = ("print(require 'threading'.kernel(%q, %s).n())")
          :format(text .. "\nint n(void) { return N; }",
            way.flags and ("{ flags = %q }"):format(way.flags) or "nil")
        write("program-of-read.lua", program)
        local command = ("cd %s; %s CC=%s %s; %s %s/program-of-read.lua")
          :format(work, before, compiler, way.before or "",
            support.lua_command(), kernels.folder)
        local function run(n)
          local out = shell("%s", command)
          assert.equal(tostring(n), out)
        end
        if text:find "incbin" then -- which no compiler lists
          run(1)
        else
          settle(function() run(1) end, count)
        end
        headers("work", 2)
        run(2)
        shell("rm -r %s %s", path, work)
      end)
    end

    it("knows where a header might have been found", function()
      local path, before = new_cache "found"
      local compiler, count = counting("count-found", kernels.honest)
      local work = headers("places", 1)
      shell("mv %s/own.h %s/sub", work, work)
      write("program-of-found.lua", [[
        local k = require "threading".kernel("#include <own.h>\n"
          .. "int n(void) { return N; }", { flags = "-Ifirst -Isub" })
        print(k.n())
      ]])
      local command = ("%s CC=%s; cd %s; %s %s/program-of-found.lua"):format(
        before, compiler, work, support.lua_command(), kernels.folder)
      settle(function() assert.equal("1", shell("%s", command)) end, count)
      files.write(work .. "/first/own.h", "#define N 2\n")
      assert.equal("2", shell("%s", command))
      shell("rm -r %s", path)
    end)

    it("knows what it is linked with", function()
      local _, before = new_cache "linked"
      local compiler, count = counting("count-linked", kernels.honest)
      local work = headers("library", 1)
      local function build(n)
        files.write(work .. "/own.c",
          ("int own(void) { return %d; }"):format(n))
        assert(select(2, shell("cd %s && %s -fPIC -c own.c && "
          .. "rm -f libown.a && ar rc libown.a own.o", work, cc)))
      end
      for _, flags in ipairs { "-L. -lown", "own.o", "./libown.a" } do
        write("program-of-linked.lua", ([[
          local k = require "threading".kernel("int own(void);\n"
            .. "int n(void) { return own(); }", { flags = %q })
          print(k.n())
        ]]):format(flags))
        local command = ("%s CC=%s; cd %s; %s %s/program-of-linked.lua"):format(
          before, compiler, work, support.lua_command(), kernels.folder)
        build(1)
        settle(function() assert.equal("1", shell("%s", command)) end, count)
        build(2)
        assert.equal("2", shell("%s", command))
      end
    end)

    it("asks a script what compiler it is, and a compiler's file", function()
      assert.is_nil(_thread._find_binary(script("asked", "exit 0")))
      assert.is_nil(_thread._find_binary "no-such-compiler")
      assert.is_nil(_thread._find_binary(kernels.folder))
      local sh = _thread._find_binary "sh"
      assert.equal(shell "readlink -f $(command -v sh)", sh)
      assert.equal(sh, _thread._find_binary "/bin/sh")
      local before = _thread._state(sh)
      assert.equal(32, #before)
      assert.equal(before, (_thread._state(sh)))
      assert.equal("", (_thread._state(kernels.folder .. "/nothing")))
    end)

    it("is safe between processes and between threads", function()
      local path, before = new_cache "shared"
      local program = [[
        local threading = require "threading"
        local source = "int add(int a, int b) { return a + b; }"
        local sum, list = threading.Value "int64", {}
        for i = 1, 3 do
          list[i] = threading.Thread { target = function()
            sum:fetch_add(threading.kernel(source).add(i, i))
          end }
          list[i]:start()
        end
        for _, t in ipairs(list) do t:join() end
        print(sum.value)
      ]]
      local outs = {}
      support.join(support.start_many(1, function()
        local file = write("program.lua", program)
        local command = before .. "; " .. ("%s %s & "):format(
          support.lua_command(), file):rep(4) .. "wait"
        outs[1] = shell("%s", command)
      end))
      assert.equal(("12\n"):rep(4), outs[1] .. "\n")
      cache_file(path)
    end)

    it("holds nothing half-made when its maker is killed", function()
      local path, before = new_cache "killed"
      local killer = script("killer", ([[
        case " $* " in *" -o "*) kill -KILL $PPID; exit;; esac
        exec %s "$@"]]):format(kernels.quick))
      local r = support.run(ADD, { before = before .. " CC=" .. killer })
      assert.equal(9, r.signal)
      for _, name in ipairs(ls(path .. "/threading")) do
        assert.is_nil(name:match "%.so$")
      end
      assert.equal("5\n", support.output_of(ADD, { before = before }))
    end)
  end)
end)
