--- Words for text, HTML and files.

local text = {}

local ENTITIES <const> =
  { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

function text.escape(s)
  return (s:gsub('[&<>"]', ENTITIES))
end

function text.unescape(s)
  s = s:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"')
  return (s:gsub("&#39;", "'"):gsub("&amp;", "&"))
end

--- What a reader sees of HTML.
function text.plain(html)
  local s = html:gsub("<[^>]*>", "")
  return (text.unescape(s):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

--- Fills a template: `$name` is a field of `values`.
function text.fill(template, values)
  return (template:gsub("%$(%l[%l_]*)", function(name)
    return assert(values[name], name)
  end))
end

function text.read(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:read "a"
end

function text.write(name, content)
  local file <close> = assert(io.open(name, "wb"))
  assert(file:write(content))
end

function text.exists(name)
  local file <close> = io.open(name)
  return file ~= nil
end

--- Ends with a message where something in the sources is wrong.
function text.must(value, message)
  if not value then
    io.stderr:write("docs: ", message, "\n")
    os.exit(1)
  end
  return value
end

--- What a command prints.
function text.output(command)
  local pipe = assert(io.popen(command))
  local out = pipe:read "a"
  assert(pipe:close(), command)
  return out
end

--- The lines that a command prints.
function text.lines(command)
  local list = {}
  for line in text.output(command):gmatch "[^\n]+" do
    list[#list + 1] = line
  end
  return list
end

return text
