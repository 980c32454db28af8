--- A flowchart of Mermaid's as layers of boxes: each box stands on those that
-- it has an arrow to, which are further down.

local function read(source)
  local boxes, list = {}, {}
  for id, title, words in source:gmatch '(%w+)%["<b>(.-)</b><br>(.-)"%]' do
    list[#list + 1] = { id = id, title = title, words = words, on = {} }
    boxes[id] = list[#list]
  end
  for from, to in source:gmatch "(%w+) %-%-> (%w+)" do
    table.insert(boxes[from].on, boxes[to])
  end
  return list
end

-- How many layers are below a box.
local function height(box)
  local most = 0
  for _, below in ipairs(box.on) do
    most = math.max(most, 1 + height(below))
  end
  return most
end

local function shown(box)
  local names = {}
  for i, below in ipairs(box.on) do
    names[i] = below.title
  end
  table.sort(names)
  return ("<div><b>%s</b>%s<i>%s</i></div>"):format(box.title, box.words,
    #names > 0 and "on " .. table.concat(names, ", ") or "")
end

--- @tparam string source
-- @treturn string HTML
return function(source)
  local layers = {}
  for _, box in ipairs(read(source)) do
    local n = 1 + height(box)
    layers[n] = (layers[n] or "") .. shown(box)
  end
  local out = {}
  for n = #layers, 1, -1 do
    out[#out + 1] = ('<div class="layer">%s</div>'):format(layers[n])
  end
  return '<div class="layers">' .. table.concat(out, "\n") .. "</div>"
end
