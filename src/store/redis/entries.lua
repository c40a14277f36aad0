-- A page of items, newest first. Answers the place to go on before ('' at the end), and the items: place, state,
-- attempts, when it was settled, failures, text.
--
-- ARGV: queue, state ('' for every one), place to begin before ('' for the newest), how many to look at
--
-- Deliveries are found in the log. When done ones are not asked for, only its end after the cursor is read; further
-- back, whatever is not done is in work or aside. Calls are found by their index, or in work or aside; discarded items
-- by an index of their own.
local q, state, before = queue(ARGV[1]), ARGV[2], ARGV[3]
local left = tonumber(ARGV[4])
local with_done = state == '' or state == 'done'
local rows, last = {}, ''

local function look_at(place, text)
  left = left - 1
  last = place
  local is, attempts, settled, failures = progress_of(q, place)
  if state ~= '' and state ~= is then
    return
  end
  text = text or text_of(q, place)
  if text then
    rows[#rows + 1] = { place, is, attempts, settled, failures, text }
  end
end

-- Whether a place comes after another one, number by number.
local function newer(one, other)
  local ours, theirs = string.gmatch(one, '%d+'), string.gmatch(other, '%d+')
  while true do
    local a, b = ours(), theirs()
    if not a or not b then
      return a ~= nil and b == nil
    elseif a ~= b then
      return tonumber(a) > tonumber(b)
    end
  end
end

-- The newest places of an index from `top` on, and of the few in `others`. All calls of one cause have the same score,
-- so those that share it with the first or the last place are put in order here.
local function look_along(index, top, others)
  local found, known = {}, {}
  local function add(places)
    for _, place in ipairs(places) do
      if not known[place] and (before == '' or newer(before, place)) then
        known[place] = true
        found[#found + 1] = place
      end
    end
  end
  local function alike(place)
    local score = string.format('%.0f', order(place))
    add(call('ZRANGEBYSCORE', index, score, score))
    return '(' .. score
  end
  if before ~= '' then
    top = alike(before)
  end
  local older = call('ZREVRANGEBYSCORE', index, top, '-inf', 'LIMIT', 0, left)
  add(older)
  if #older > 0 then
    alike(older[#older])
  end
  add(others)
  table.sort(found, newer)
  for n = 1, math.min(left, #found) do
    look_at(found[n])
  end
end

if state == 'discarded' then
  look_along(q.discarded, '+inf', {})
elseif q.inbox then
  local cursor = call('GET', key('in:cursor')) or '0-0'
  local from = before == '' and '+' or '(' .. before
  local back_to = with_done and '-' or '(' .. cursor
  local entries = redis.pcall('XREVRANGE', key('in:log'), from, back_to, 'COUNT', left)
  for _, entry in ipairs(entries) do
    look_at(entry[1], entry[2][2])
  end
  if not with_done and left > 0 then
    if before ~= '' and newer(before, cursor) then
      before = ''
    end
    local in_work = {}
    for _, place in ipairs(call('ZRANGE', q.leases, 0, -1)) do
      if not newer(place, cursor) then
        in_work[#in_work + 1] = place
      end
    end
    look_along(q.aside, string.format('%.0f', order(cursor)), in_work)
  end
elseif with_done then
  look_along(key('out:index'), '+inf', {})
else
  look_along(q.aside, '+inf', call('ZRANGE', q.leases, 0, -1))
end
return { left > 0 and '' or last, rows }
