std = "lua54"
max_line_length = false -- tools/lint looks at it, in every kind of file
exclude_files = { ".rocks", "build", "doc" }

-- `local _ <close> = lock:guard()` is there for its end, not for its value.
ignore = { "211/_.*" }

files["*.rockspec"] = { std = "+rockspec" }
files["spec"] = { std = "+busted" }

-- The document's programs share a global, on purpose.
files["examples"] = { globals = { "balance" } }
files["bench/cases"] = { globals = { "balance" } }
