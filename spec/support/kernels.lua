--- What the specs of kernels share.

local _thread = require "threading._thread"
local assert = require "luassert"
local files = require "spec.support.files"

local shell = files.shell

-- `folder` is for the cache, scripts and the like; `quick` and `honest` are
-- compilers, see below.
local kernels = {}

local getenv = _thread._getenv

function kernels.write(name, text)
  local path = kernels.folder .. "/" .. name
  files.write(path, text)
  return path
end

-- A program that stands in for the compiler.
function kernels.script(name, text)
  local path = kernels.write(name, "#!/bin/sh\n" .. text .. "\n")
  assert(select(2, shell("chmod +x '%s'", path)))
  return path
end

function kernels.ls(path)
  local names = {}
  for name in shell("ls -A %s", path):gmatch "[^\n]+" do
    names[#names + 1] = name
  end
  return names
end

-- Where nobody waits for it a process stays, as a zombie.
function kernels.has_ended(pid)
  return not select(2, shell("kill -0 %s", pid))
    or shell("cat /proc/%s/stat", pid):match "^.*%) (%u)" == "Z"
end

-- A cache of its own, for a child process: what goes before its command.
function kernels.new_cache(name)
  local path = kernels.folder .. "/" .. name
  assert(select(2, shell("mkdir %s", path)))
  return path, "export XDG_CACHE_HOME=" .. path
end

function kernels.cache_file(path)
  local names = kernels.ls(path .. "/threading")
  assert.equal(1, #names)
  return path .. "/threading/" .. names[1]
end

kernels.cc = getenv "CC" or "cc"

kernels.ADD = [[
  local k = require "threading".kernel "int add(int a, int b) { return a + b; }"
  print(k.add(2, 3))
]]

kernels.types = {
  int8 = "int8_t", int16 = "int16_t", int32 = "int32_t", int64 = "int64_t",
  uint8 = "uint8_t", uint16 = "uint16_t", uint32 = "uint32_t",
  uint64 = "uint64_t", float32 = "float", float64 = "double",
}

-- The C text once for each type, with its names for TYPE and C.
function kernels.for_each(text)
  local parts = {}
  for type, c in pairs(kernels.types) do
    local names = { TYPE = type, C = c }
    parts[#parts + 1] = text:gsub("%u+", names)
  end
  return table.concat(parts)
end

-- Stands in for the compiler where that is not the point: it compiles each
-- source once, and gives what it has made whenever it is asked again. Sources
-- that read files of their own are for `honest`, which remembers only what the
-- compiler says of itself.
local QUICK <const> = [[
  kept=$(dirname "$0")/quick.d place=
  for word; do
    case $word in */kernel.c) place=${word%/kernel.c};; esac
  done
  name=$({
    echo "$*" | sed "s|${place:-no place}/||g"
    [ -z "$place" ] || cat "$place/kernel.c"
  } | cksum | tr ' ' -)
  new=$kept/$$ kept=$kept/$name
  if [ ! -e $kept ]; then
    CC "$@" >$new 2>&1 || { status=$?; cat $new; exit $status; }
    if [ "$place" ]; then
      cp $place/kernel.so $new.so && mv $new.so $kept.so
      sed "s|$place|PLACE|g" $place/kernel.d >$new.d && mv $new.d $kept.d
    fi
    mv $new $kept
  elif [ "$place" ]; then
    cp $kept.so $place/kernel.so
    sed "s|PLACE|$place|g" $kept.d >$place/kernel.d
  fi
  cat $kept]]

--- Makes the folder, with the cache, and the compilers: for lazy_setup.
function kernels.make()
  kernels.folder = files.folder()
  shell("mkdir %s/quick.d", kernels.folder)
  kernels.quick = kernels.script("quick", (QUICK:gsub("CC", kernels.cc)))
  kernels.honest = kernels.script("honest", ([[
    case " $* " in
      *" -o "* | *own.h* | *@words*) exec %s "$@";;
      *) exec %s "$@";;
    esac]]):format(kernels.cc, kernels.quick))
  _thread._getenv = function(name)
    return name == "XDG_CACHE_HOME" and kernels.folder or getenv(name)
  end
end

--- The contrary, for lazy_teardown.
function kernels.remove()
  _thread._getenv = getenv
  shell("rm -rf %s", kernels.folder)
end

return kernels
