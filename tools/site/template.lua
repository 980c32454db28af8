--- What is around a page's text: the menu, what is on the page, and what comes
-- before and after it.

local links = require "site.links"
local sections = require "site.sections"
local text = require "site.text"

local template = {}

local PAGE <const> = text.read "tools/site/page.html"

local function link(from, to, words, attributes)
  return ('<a href="%s"%s>%s</a>'):format(links.relative(from.url, to.url),
    attributes or "", text.escape(words))
end

-- The page, or what it is in the language of another one.
local function translated(other, page)
  local there = other.other
  return there and there.lang == page.lang and there or other
end

local function contains(group, page)
  if group.overview == page then
    return true
  end
  for _, other in ipairs(group) do
    if other == page or other == page.other then
      return true
    end
  end
end

-- The part of the site in which a page is, and its group.
local function place(page, groups)
  for _, group in ipairs(groups) do
    if contains(group, page) then
      return group.part, group
    end
  end
end

-- The groups of the page's part are open; examples are many, and need not be.
local function menu(page, groups)
  local out, part = {}, nil
  local here, mine = place(page, groups)
  for _, group in ipairs(groups) do
    if group.part ~= part and group.part ~= group.title then
      part = group.part
      out[#out + 1] = ('<p class="part">%s</p>\n'):format(group.overview
        and link(page, group.overview, part) or part)
    end
    local open = group == mine or here == group.part or not here
    out[#out + 1] = ("<details%s><summary>%s</summary><ul>\n"):format(
      open and " open" or "", group.title)
    for _, other in ipairs(group) do
      other = translated(other, page)
      out[#out + 1] = ("<li>%s</li>\n"):format(link(page, other, other.menu,
        other == page and ' aria-current="page"' or ""))
    end
    out[#out + 1] = "</ul></details>\n"
  end
  return table.concat(out)
end

-- Long pages show what is on them: beside the text, or above it where there is
-- no room.
local function toc(page)
  local out = {}
  for _, section in ipairs(sections(page.html)) do
    if section.id and section.level <= 3 then
      out[#out + 1] = ('<li class="level%d"><a href="#%s">%s</a></li>\n')
        :format(section.level, section.id, text.escape(section.title:match
          "[^:.]+$" and section.tag == "div" and section.title:match "[%w_]+$"
          or section.title))
    end
  end
  return #out > 1 and "<ul>\n" .. table.concat(out) .. "</ul>" or nil
end

local function around(page, groups)
  local list, at = {}, nil
  for _, group in ipairs(groups) do
    for _, other in ipairs(group) do
      list[#list + 1] = other
      at = (other == page or other == page.other) and #list or at
    end
  end
  local before = at and list[at - 1] and translated(list[at - 1], page)
  local after = at and list[at + 1] and translated(list[at + 1], page)
  return (before and link(page, before, before.menu, ' rel="prev"') or "")
    .. (after and link(page, after, after.menu, ' rel="next"') or "")
end

-- What is around a text, in its language.
local WORDS <const> = {
  en = { to_text = "To the text", search = "Search", menu_word = "Menu",
    contents = "On this page" },
  ["zh-CN"] = { to_text = "跳到正文", search = "搜索",
    menu_word = "菜单", contents = "本页内容" },
}

local LANGUAGES <const> = { en = "English", ["zh-CN"] = "中文" }

-- What the page is, and a link to it in another language.
local function kind(page)
  local other = page.other
  if not other then
    return page.kind
  end
  local lang = other.lang or "en"
  return (page.kind ~= "" and page.kind .. " · " or "")
    .. link(page, other, LANGUAGES[lang] or lang,
      (' lang="%s" hreflang="%s"'):format(lang, lang))
end

function template.page(page, groups)
  local heading, list = text.escape(page.title), toc(page)
  local words = WORDS[page.lang or "en"] or WORDS.en
  return text.fill(PAGE, {
    lang = page.lang or "en",
    title = page.title == "threading" and "threading: threads for Lua"
      or heading .. " · threading",
    root = links.relative(page.url, "."):gsub("/%.$", ""),
    heading = heading, kind = kind(page), body = page.html,
    menu = menu(page, groups),
    to_text = words.to_text, search = words.search,
    menu_word = words.menu_word,
    toc = list and ("<p>%s</p>\n%s"):format(words.contents, list) or "",
    contents = list and ('<details class="contents"><summary>%s</summary>\n%s'
      .. "</details>"):format(words.contents, list) or "",
    around = around(page, groups),
  })
end

return template
