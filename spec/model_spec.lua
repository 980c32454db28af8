-- The models of model/ are right, and one that is not is found out. In full:
-- `make model`.

local files = require "spec.support.files"
local support = require "spec.support"

describe("the model", function()
  -- Into a file: after a minute the runner of the specs asks for a dump, and
  -- its signal would end a read from a pipe.
  local function check(arguments)
    local out = os.tmpname()
    local ok = os.execute(("tools/model %s >%s 2>&1"):format(arguments, out))
    return ok or false, files.read_and_remove(out)
  end

  local has_spin = files.has "spin"

  local function is_left_out()
    if not has_spin then
      pending "no spin"
    elseif support.is_instrumented() then
      pending "nothing of the library runs here; a sanitizer slows spin down"
    else
      return false
    end
    return true
  end

  local function it_is_right(title, name, arguments)
    it("of " .. title .. " is right", function()
      if is_left_out() then
        return
      end
      local ok, text = check(arguments)
      assert.is_true(ok, text)
      assert.matches("^" .. name .. " +right, [%d.e+]+ states\n$", text)
    end)
  end

  it_is_right("lock", "lock", "-q lock")
  it_is_right("condition", "condition", "-q condition")
  -- The third scene, hurry, takes as long as all the rest.
  it_is_right("gil, invitation,", "gil", "-s invitation")
  it_is_right("gil, calm,", "gil", "-s calm")

  it("shows the way to the fault of a mutation", function()
    if is_left_out() then
      return
    end
    local ok, text = check "-t condition late"
    assert.is_true(ok, text)
    assert.matches("proc +%d+ ", text)
    ok, text = check "-t condition none"
    assert.is_false(ok)
    assert.matches("no fault of condition was found with this mutation: none",
      text)
  end)

  it("has mutations, and their faults are found", function()
    if is_left_out() then
      return
    end
    local ok, text = check "condition"
    assert.is_true(ok, text)
    local _, found = text:gsub("found\n", "")
    assert.equal(4, found, text)
  end)
end)
