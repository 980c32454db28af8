-- Counters for names, each under a lock of the module that counts. explore sets
-- them back for each schedule.

return { pools = 0 }
