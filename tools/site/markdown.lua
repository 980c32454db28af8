--- Markdown to HTML, by cmark-gfm, with what a site needs: anchors at
-- headings, as GitHub names them; links between pages; coloured code; tables
-- that scroll.

local highlight = require "site.highlight"
local links = require "site.links"
local mermaid = require "site.mermaid"
local text = require "site.text"

local COMMAND <const> = "cmark-gfm --unsafe -e table -e autolink "

local function converted(source)
  local name = os.tmpname()
  text.write(name, source)
  local html = text.output(COMMAND .. name)
  os.remove(name)
  return html
end

local MARKS <const> = "，。：；！？（）《》、“”—"

--- GitHub's anchor for a heading.
local function slug(title)
  local s = title:lower():gsub("[^%w_%- \128-\255]", "")
  for mark in MARKS:gmatch(utf8.charpattern) do
    s = s:gsub(mark, "")
  end
  return (s:gsub(" ", "-"))
end

-- Puts pieces of HTML aside, so that nothing is found in them.
local function set_aside(pieces, html)
  pieces[#pieces + 1] = html
  return ("\0%d\0"):format(#pieces)
end

local function put_back(pieces, html)
  return (html:gsub("\0(%d+)\0", function(n)
    return pieces[tonumber(n)]
  end))
end

local function code_block(language, body)
  local source = text.unescape(body)
  if language == "mermaid" then
    return mermaid(source)
  end
  return highlight.block(source, language)
end

-- Comments have code that is only indented.
local function language_of(code)
  return (code:find "%f[%w]local " or load(text.unescape(code))) and "lua"
    or (code:find "^lua" or code:find "^[%u_]+=") and "sh" or "text"
end

local function headings(html)
  local seen = {}
  return (html:gsub("<h([2-6])>(.-)</h%1>", function(level, title)
    local id = slug(text.plain(title))
    local n = seen[id]
    seen[id] = (n or 0) + 1
    id = n and id .. "-" .. n or id
    return ('<h%s id="%s">%s<a class="anchor" href="#%s" '
      .. 'aria-label="This section">#</a></h%s>'):format(level, id, title, id,
        level)
  end))
end

-- A link to a page in another language says so.
local function lang_of(page, url)
  local here, there = page.lang or "en", url:match "%.([%a-]+)%.html" or "en"
  return not url:find "^%a+:" and not url:find "^#" and here ~= there
    and (' hreflang="%s"'):format(there) or ""
end

-- A link that leads nowhere in the site keeps its words.
local function anchors(page, html)
  html = html:gsub('<a href="([^"]*)"(.-)>(.-)</a>', function(link, more, word)
    local url = links.resolve(page, text.unescape(link))
    return url and ('<a href="%s"%s%s>%s</a>'):format(text.escape(url), more,
      lang_of(page, url), word) or word
  end)
  return (html:gsub('( src[set]*)="([^"]*)"', function(key, link)
    return ('%s="%s"'):format(key, links.resolve(page, link))
  end))
end

-- Words in code that name a page, or something of the reference.
local function words(page, html)
  return (html:gsub("()<code>([^<]*)</code>", function(at, word)
    local plain = text.unescape(word)
    local url = links.file(plain) or links.name(plain)
    if url and url ~= page.url
        and not links.is_foreign(html:sub(math.max(1, at - 20), at - 1)) then
      return ('<a href="%s"><code>%s</code></a>'):format(
        links.relative(page.url, url), word)
    end
  end))
end

-- Short code stays in one line.
local function kept_whole(html)
  return (html:gsub("<code>([^<]*)</code>", function(word)
    return #word <= 24 and not word:find "\n"
      and '<code class="whole">' .. word .. "</code>" or nil
  end))
end

-- A picture can be looked at alone.
local function pictures(html)
  return (html:gsub('<img src="([^"]*)"[^>]*>', '<a href="%1">%0</a>'))
end

-- Files that a text names without a mark.
local function names(page, html)
  return (html:gsub(">[^<]+", function(part)
    return (part:gsub("%f[%w_./-][%w_./-]+%.%l+%f[^%w_/-]", function(name)
      local url = links.file(name)
      if url and url ~= page.url then
        return ('<a href="%s">%s</a>'):format(links.relative(page.url, url),
          name)
      end
    end))
  end))
end

--- Makes HTML of a page's Markdown.
-- @tparam table page { url =, source = }: links are those of the source
-- @tparam string source
-- @treturn string
return function(page, source)
  local pieces = {}
  local function aside(...)
    return set_aside(pieces, ...)
  end
  local html = converted(source)
  html = html:gsub('<pre><code class="language%-(%w+)[^"]*">(.-)</code></pre>',
    function(language, body)
      return aside(code_block(language, body))
    end)
  html = html:gsub("<pre><code>(.-)</code></pre>", function(body)
    return aside(code_block(language_of(body), body))
  end)
  html = headings(html)
  html = pictures(anchors(page, html))
  html = html:gsub("<a .-</a>", aside):gsub("<h%d.-</h%d>", aside)
  html = words(page, html)
  html = html:gsub("<a .-</a>", aside):gsub("<code.-</code>", aside)
  html = names(page, html)
  html = html:gsub("<table>.-</table>",
    '<div class="wide" tabindex="0">%0</div>')
  for _ = 1, 3 do
    html = put_back(pieces, html)
  end
  return kept_whole(html)
end
