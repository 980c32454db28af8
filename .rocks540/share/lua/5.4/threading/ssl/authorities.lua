-- Where a system keeps the certificates of those whom it trusts. OpenSSL knows
-- of its own; LuaSec does not ask it.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local open = standard.io.open
local ipairs = ipairs

local FILES <const> = {
  "/etc/ssl/certs/ca-certificates.crt", -- Debian, Arch, Gentoo
  "/etc/pki/tls/certs/ca-bundle.crt", -- Fedora, Red Hat
  "/etc/ssl/ca-bundle.pem", -- openSUSE
  "/etc/ssl/cert.pem", -- Alpine, macOS, FreeBSD, OpenBSD
  "/usr/local/share/certs/ca-root-nss.crt", -- FreeBSD
  "/etc/openssl/certs/ca-certificates.crt", -- NetBSD
  "/opt/homebrew/etc/openssl@3/cert.pem",
  "/usr/local/etc/openssl@3/cert.pem",
}

local FOLDER <const> = "/etc/ssl/certs"
-- In a folder OpenSSL finds a certificate by the hash of its subject. It reads
-- those that it needs, which saves 20 milliseconds for each context; but there
-- are folders without such names. Where one of these well-known roots has its
-- name, all have.
local ROOTS <const> = {
  FOLDER .. "/4042bcee.0", -- ISRG Root X1
  FOLDER .. "/607986c7.0", -- DigiCert Global Root G2
}

local function first(list)
  for _, path in ipairs(list) do
    local file = open(path, "rb")
    if file then
      file:close()
      return path
    end
  end
end

local function variable(name)
  local value = _thread._getenv(name)
  return value ~= "" and value or nil
end

-- A file and a folder; nil where there is none. The variables are OpenSSL's.
return function()
  local file, folder = variable "SSL_CERT_FILE", variable "SSL_CERT_DIR"
  if file or folder then
    return file, folder
  elseif first(ROOTS) then
    return nil, FOLDER
  end
  return first(FILES)
end
