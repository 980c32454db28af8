-- Classic bugs of concurrent programs, each a file of this folder: `wrong` has
-- it, `right` is the same program without it. `prototype`: after how many
-- schedules a first version of the explorer found it, median over 20 seeds.
local bugs = {}

for i, name in ipairs { "lost_update", "account", "lazy_init", "wrong_lock",
  "lock_order", "philosophers", "token_ring", "circular_buffer", "bluetooth",
  "reorder_3", "reorder_5", "two_stage", "if_not_while", "double_checked",
  "aba_stack", "check_then_act", "work_stealing", "missed_signal",
  "timeout_race" } do
  bugs[i] = require("spec.explore." .. name)
end

return bugs
