-- What is called by whose hand, and when: a finaliser acts only when the
-- collector calls it, and an object that is in use lives. Each case runs in a
-- process of its own, which this would end; the sanitizers look into those.

local finalisers = require "spec.support.finalisers"
local support = require "spec.support"

local function run(name, argument)
  support.output_of(("require('spec.support.finalisers').%s(%q)")
    :format(name, argument or ""))
end

local function each(list, fn)
  local names = {}
  for name in pairs(list) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    fn(name)
  end
end

describe("a method", function()
  it("is no metamethod, of any kind of object", function()
    for _, object in ipairs(finalisers.all()) do
      for _, name in ipairs {
        "__gc", "__close", "__index", "__newindex", "__metatable", "__name",
        "__tostring", "__len",
      } do
        local ok, value = pcall(function()
          return object[name]
        end)
        assert.is_true(not ok or value == nil, tostring(object) .. name)
      end
    end
  end)
end)

describe("a finaliser that is called by hand is refused", function()
  each(finalisers.waits, function(name)
    it("while a thread waits: " .. name, function()
      run("wait", name)
    end)
  end)

  each(finalisers.callbacks, function(name)
    it("in " .. name, function()
      run("call_back", name)
    end)
  end)

  it("with anything, though the registry has it", function()
    run "call_registered"
  end)
end)

describe("an object that another finaliser has found again lives", function()
  each(finalisers.waits, function(name)
    local through = finalisers.waits[name][4]
    if not through then
      it("while a thread waits: " .. name, function()
        run("revive_wait", name)
      end)
    end
  end)

  each(finalisers.callbacks, function(name)
    it("in " .. name, function()
      run("revive_callback", name)
    end)
  end)

  for _, name in ipairs { "Queue", "LifoQueue", "SimpleQueue" } do
    it("in the growth of a " .. name, function()
      run("grow", name)
    end)
  end

  it("when an Array makes what needs memory", function()
    run "copy"
  end)
end)

describe("an object that is finalised", function()
  it("says so in each of its methods", function()
    run "use_dead"
  end)
end)
