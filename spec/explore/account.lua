-- Each access to an account is guarded, but a withdrawal is two of them: what
-- it has read may be old when it writes.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(withdraw)
  local account = { balance = 100, lock = threading.Lock() }
  support.together(function()
    withdraw(account, 30)
  end, function()
    withdraw(account, 50)
  end)
  assert(account.balance == 20)
end

return {
  name = "account", prototype = 2,
  wrong = function()
    program(function(account, amount)
      account.lock:acquire()
      local balance = account.balance
      account.lock:release()
      balance = balance - amount
      account.lock:acquire()
      account.balance = balance
      account.lock:release()
    end)
  end,
  right = function()
    program(function(account, amount)
      local _ <close> = account.lock:guard()
      account.balance = account.balance - amount
    end)
  end,
}
