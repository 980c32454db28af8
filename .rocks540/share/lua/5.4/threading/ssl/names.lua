-- Is a certificate for this host? After RFC 9525: by its alternative names
-- alone, and a "*" stands for the whole first label of a name.

local standard = require "threading.private.standard"
local dns = require("socket").dns
local string, table = standard.string, standard.table
local ipairs, tonumber = ipairs, tonumber

local ALTERNATIVE_NAMES <const> = "2.5.29.17"
local SHOWN <const> = 5 -- of a certificate's names, in an error

local names = {}

local function is_byte(digits)
  local n = tonumber(digits)
  return n and n <= 255
end

local function is_number(host)
  local a, b, c, d = string.match(host, "^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  return is_byte(a) and is_byte(b) and is_byte(c) and is_byte(d)
    or string.find(host, ":", 1, true)
end

-- The number as systems write it, or nil for the name of a host.
function names.address(host)
  if is_number(host) then
    host = string.match(host, "^%[(.*)%]$") or host
    host = string.match(host, "^[^%%]*") -- without a zone
    local list = dns.getaddrinfo(host) -- of a number, which is not looked up
    return list and list[1] and list[1].addr or host
  end
end

-- A name without the dot that stands for the root.
function names.plain(host)
  return (string.gsub(string.lower(host), "%.$", ""))
end

local function matches(pattern, host)
  pattern = names.plain(pattern)
  if pattern == host then
    return true
  end
  local rest = string.match(pattern, "^%*(%.[^*]+%.[^*.]+)$")
  return rest ~= nil and rest == string.match(host, "^[^.]+(%..+)$")
end

local function describe(list)
  local shown = {}
  for i = 1, #list <= SHOWN and #list or SHOWN do
    shown[i] = string.gsub(list[i], "[%c\128-\255]", "?")
  end
  return table.concat(shown, ", ") .. (#list > SHOWN and ", ..." or "")
end

-- True; or nil and what is wrong.
function names.check(certificate, host)
  local found = certificate:extensions()[ALTERNATIVE_NAMES] or {}
  local address, name = names.address(host), names.plain(host)
  for _, it in ipairs(address and found.iPAddress or {}) do
    if it == address then
      return true
    end
  end
  for _, pattern in ipairs(not address and found.dNSName or {}) do
    if matches(pattern, name) then
      return true
    end
  end
  local all, numbers = found.dNSName or {}, found.iPAddress or {}
  table.move(numbers, 1, #numbers, #all + 1, all)
  if #all == 0 then
    return nil, string.format("it is not for %s, and names no host (as a "
      .. "subjectAltName)", host)
  end
  return nil, string.format("it is for %s, not for %s", describe(all), host)
end

return names
