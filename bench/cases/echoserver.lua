-- Sends each line back, beside threads that compute: echoserver.lua N.
dofile "bench/serving.lua" (function(client)
  client:setoption("tcp-nodelay", true)
  for line in function() return client:receive() end do
    client:send(line .. "\n")
  end
  client:close()
end)
