-- One idea: a pipeline. Threads fetch pages, others read them for links, and
-- queues between them hold what is still to be done.
--
--   lua crawler.lua URL   follows the links of a site to the pages of that site
--   lua crawler.lua       follows those of a small site of its own

local queue = require "threading.queue"
local socket = require "threading.socket"
local http = require "threading.socket.http" -- takes https, too, with LuaSec
local absolute = require "socket.url".absolute
local threading = require "threading"

local FETCHERS <const>, READERS <const>, PATIENCE <const> = 8, 2, 10

http.TIMEOUT = PATIENCE

local urls, pages = queue.Queue(), queue.Queue(100)
local seen, lock = {}, threading.Lock()
local found, failed = {}, {}

-- Each page once.
local function want(url)
  local _ <close> = lock:guard()
  if not seen[url] then
    seen[url] = true
    urls:put(url)
  end
end

local function fetch()
  for url in urls:items() do
    local body, status = http.request(url)
    if status == 200 then
      pages:put { url = url, body = body }
    else
      failed[url] = tostring(status)
      urls:task_done()
    end
  end
end

-- A url is done when its page has been read: then the urls on that are in the
-- queue, and there are none left when all are done.
local function read(site)
  for page in pages:items() do
    local links = 0
    for link in page.body:gmatch 'href="([^"]*)"' do
      local url = absolute(page.url, link):gsub("#.*", "")
      links = links + 1
      if url:sub(1, #site) == site then
        want(url)
      end
    end
    found[page.url] = links
    urls:task_done()
  end
end

local function start(n, target, ...)
  for _ = 1, n do
    threading.Thread {
      target = target, args = { ... }, daemon = true,
    }:start()
  end
end

-- Pages 1 to 31: links to two others, where there are more, and one back. The
-- last page leads nowhere.
local function page(n)
  local back = '<a href="/1#top">back</a>\n'
  return n <= 15 and ('<a href="%d">this</a> <a href="/%d">that</a> ')
      :format(2 * n, 2 * n + 1) .. back
    or n <= 30 and back
    or n == 31 and '<a href="/none">nothing</a>\n'
end

local function serve_site(server)
  for connection in server.accept, server do
    local client <close> = connection
    local n = tonumber((client:receive() or ""):match "^GET /(%d+)")
    local body = n and page(n)
    repeat
      local line = client:receive()
    until not line or line == ""
    client:send(body and "HTTP/1.0 200 OK\r\n\r\n" .. body
      or "HTTP/1.0 404 Not Found\r\n\r\n")
  end
end

local function own_site()
  local server = assert(socket.bind("127.0.0.1", 0))
  start(1, serve_site, server)
  return ("http://%s:%s/1"):format(server:getsockname())
end

local function sorted(t)
  local list = {}
  for url in pairs(t) do
    list[#list + 1] = url
  end
  table.sort(list)
  return list
end

local first = arg[1] or own_site()
start(FETCHERS, fetch)
start(READERS, read, first:match "^https?://[^/]+/" or first)
want(first)
urls:join()

local links = 0
for _, url in ipairs(sorted(found)) do
  links = links + found[url]
end
for _, url in ipairs(sorted(failed)) do
  print(("%s: %s"):format(url, failed[url]))
end
print(("%d pages, %d links, %d dead"):format(#sorted(found), links,
  #sorted(failed)))
