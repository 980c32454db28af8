-- The register of the threads that live.
--
-- `active` maps idents to Thread objects. A thread enters it when it is
-- started and leaves it before it counts as ended, both on the C side, so that
-- a joined thread is never in `enumerate`.

local _thread = require "threading._thread"
local complain = require "threading.private.complain"
local thread = require "threading.private.thread"
local standard = require "threading.private.standard"
local table = standard.table
local ipairs = ipairs

local M = {}

local active = _thread._active

local main = thread.adopt(thread.Thread, _thread._main_handle())
active[main.ident] = main

-- A thread that was not started through Thread has an object from the first
-- time that it asks for it, and until it ends: `_locals` is dropped then. One
-- that C attaches asks at once.
local Dummy = thread.Thread:extend "DummyThread"
local dummies = setmetatable({}, { __mode = "v" }) -- ident -> Dummy

function Dummy.join()
  complain "cannot join a dummy thread"
end

function M.current_thread()
  local ident = _thread.get_ident()
  local self = active[ident] or dummies[ident]
  if self then
    return self
  end
  local handle = _thread._self_handle()
  local name = handle:name() == "" and "Dummy-" .. ident or nil
  self = thread.adopt(Dummy, handle, name)
  dummies[ident] = self
  _thread._locals()[Dummy] = self
  return self
end

_thread._on_attach(function()
  M.current_thread()
end)

-- In the child of a fork, the thread that forked.
function M.main_thread()
  local ident = _thread._main_handle():ident()
  return active[ident] or dummies[ident] or main
end

-- By the idents of those that live, whatever a program has done to its Thread
-- objects. One that was not started through Thread and has not asked for its
-- object has none.
function M.enumerate()
  local idents = _thread._living()
  table.sort(idents)
  local list = {}
  for _, ident in ipairs(idents) do
    list[#list + 1] = active[ident] or dummies[ident]
  end
  return list
end

function M.active_count()
  return #M.enumerate()
end

return M
