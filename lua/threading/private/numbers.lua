-- What is counted for names, under a lock of who counts; explore begins anew in
-- each schedule.

return { pools = 0 }
