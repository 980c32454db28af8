-- What fuzz/ has found, and a short round of it: with seeds that stay.

local support = require "spec.support"

local new_random = require "tools.stress.random"

describe("the parser of signatures", function()
  local check, made_up

  setup(function()
    check = require "fuzz.check"
    made_up = require "fuzz.source"
  end)

  it("answers to all that was ever found", function()
    local ways = check.ways()
    for _, source in ipairs(check.read_corpus()) do
      check.total(source, ways)
    end
    assert.is_truthy(next(ways))
  end)

  it("sees the functions among all that C has besides", function()
    local random = new_random(1)
    for _ = 1, 100 do
      check.right(made_up(random))
    end
  end)
end)

describe("any function", function()
  it("answers to arguments of all kinds and numbers", function()
    local out = support.output_of("fuzz/arguments.lua", { args = { "1", "1" } })
    assert.matches("\nok: %d+ calls", out)
  end)
end)

describe("a compiled function", function()
  it("gives what Lua gives", function()
    local round = require("fuzz.compile").round
    local random = new_random(7)
    for _ = 1, 2 do
      round(random, 8, 1, 100)
    end
  end)
end)
