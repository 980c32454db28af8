--- Where things are: which page is made of which file, and which of which
-- name of the reference.

local text = require "site.text"

local links = {
  files = {}, -- a file or folder of the repository: its page (and anchor)
  classes = {}, -- threading.Lock: its page
  names = {}, -- threading.Lock, threading.Lock:acquire, threading.time.sleep
  wanted = {}, -- files that pages point to, and that have no page yet
}

--- The address of a page, as seen from another one.
function links.relative(from, to)
  local up = from:gsub("[^/]*$", ""):gsub("[^/]+/", "../")
  return up .. to
end

-- The path of the repository that a link in a file means.
local function path(file, link)
  local folder = file:match "^(.*)/[^/]*$" or ""
  local parts = {}
  for part in (folder .. "/" .. link):gmatch "[^/]+" do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "/")
end

-- A page for a source that has none.
local function source_page(name)
  if not text.exists(name) or not text.read(name) then -- a folder
    return nil
  end
  local url = "sources/" .. name:gsub("%.md$", "") .. ".html"
  if name:find "%.svg$" or name:find "%.png$" then
    url = name
  end
  links.files[name] = url
  links.wanted[#links.wanted + 1] = name
  return url
end

--- Where a link in a file leads to, in the site: nil where there is nothing,
-- as for a folder without a page. A link that is made here is one of the site,
-- and begins with `site:`.
-- @tparam table page
-- @tparam string link
function links.resolve(page, link)
  if link:find "^site:" then
    return links.relative(page.url, link:sub(6))
  elseif link:find "^%a+:" or link:find "^#" then
    return link
  end
  local file, anchor = link:match "^([^#]*)(.*)$"
  local name = path(page.source, file)
  local url = links.files[name] or source_page(name)
  if not url then
    text.must(text.exists(name), page.source .. ": a link to " .. link
      .. ", where nothing is")
    return nil
  end
  return links.relative(page.url, url .. (url:find "#" and "" or anchor))
end

--- The page that shows the file or folder that a word in a text names.
function links.file(word)
  return word:find "[./]" and links.files[word:gsub("/$", "")]
end

--- Is a name in a text somebody else's, as in "Python's `threading`"?
-- @tparam string before the text in front of it
function links.is_foreign(before)
  return before:find "[%w]'s [%w ]*$" or before:find "[%w]'s\n$"
end

-- What `threading.` may be left out of: not `io` and `os`, which are Lua's.
local SHORT <const> = { ["queue."] = true, ["futures."] = true,
  ["interpreters."] = true, ["time."] = true, ["socket."] = true,
  ["ssl."] = true, ["explore."] = true, ["trace."] = true, ["loops."] = true }

--- The page and anchor where a name of the reference is told of.
-- @tparam string word such as `threading.Lock`, `futures.wait`
-- @tparam[opt] table owner the module or class that this is about: then its
-- functions are known without its name
function links.name(word, owner)
  local name = word:gsub("%b()$", ""):gsub("%s*[{\"'].*$", "")
  local url = links.names[name]
    or SHORT[name:match "^%w+%."] and links.names["threading." .. name]
    or name:find "^%u" and links.names["threading." .. name]
  local own = owner and links.names[owner.name .. "." .. name:gsub("^:", "")]
  if not url and own and own:find "#" then
    return own
  end
  return url
end

return links
