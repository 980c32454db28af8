--- Files and folders for the specs, and what commands say.

local files = {}

function files.read(name)
  local f <close> = assert(io.open(name, "rb"))
  return f:read "a"
end

function files.write(name, text)
  local f <close> = assert(io.open(name, "wb"))
  f:write(text)
end

--- A new file, for the caller to remove.
-- @tparam string text
-- @treturn string its name
function files.new(text)
  local name = os.tmpname()
  files.write(name, text)
  return name
end

function files.read_and_remove(name)
  local text = files.read(name)
  os.remove(name)
  return text
end

--- A new folder, for the caller to remove.
-- @treturn string its name
function files.folder()
  local name = os.tmpname()
  assert(os.remove(name))
  assert(os.execute("mkdir " .. name))
  return name
end

--- The files that match.
-- @tparam string patterns as the shell knows them
-- @treturn table their names
function files.list(patterns)
  local pipe <close> = assert(io.popen("ls " .. patterns))
  local list = {}
  for name in pipe:lines() do
    list[#list + 1] = name
  end
  return list
end

--- Runs a command.
-- @tparam string command is formatted with what follows
-- @treturn string what it says, without the end of the last line
-- @return has it succeeded?
-- @return its status
function files.shell(command, ...)
  local pipe = assert(io.popen("(" .. command:format(...) .. ") 2>&1"))
  local text = pipe:read "a"
  local ok, _, code = pipe:close()
  return (text:gsub("\n$", "")), ok, code
end

--- Is there a program of this name?
function files.has(program)
  return select(2, files.shell("command -v %s", program)) == true
end

return files
