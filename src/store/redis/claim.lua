-- Takes items into work. Answers whether there may be more to look at, and the items: place, token, attempt, text.
--
-- ARGV: queue, how many at most, length of a lease, the same for urgent items, now (milliseconds), lanes: all or urgent
local q = queue(ARGV[1])
local max, now = tonumber(ARGV[2]), tonumber(ARGV[5])
local lease = { n = tonumber(ARGV[3]), u = tonumber(ARGV[4]) }
local all = ARGV[6] == 'all'

-- The work of one call is bounded.
local LOOKED_AT_MAX = 4 * max + 64
local RETURNED_MAX = 100
local HOURS_KEPT = 48

local function past_or_absurd(times)
  local past = call('ZRANGEBYSCORE', times, '-inf', now, 'LIMIT', 0, RETURNED_MAX)
  local absurd = call('ZRANGEBYSCORE', times, '(' .. now + HORIZON, '+inf', 'LIMIT', 0, RETURNED_MAX)
  for _, place in ipairs(absurd) do
    past[#past + 1] = place
  end
  return past
end

-- Claims whose holders have vanished: back to the front, in their order.
local lapsed = past_or_absurd(q.leases)
for n = #lapsed, 1, -1 do
  local place = lapsed[n]
  local work = work_of(q, place) or fresh(place)
  put_aside(q, place, work)
  call('LPUSH', q['ready:' .. work.lane], place)
end

-- Items whose next attempt is due.
for _, place in ipairs(past_or_absurd(q.delayed)) do
  local work = work_of(q, place) or fresh(place)
  call('ZREM', q.delayed, place)
  call('RPUSH', q['ready:' .. work.lane], place)
end

local claims, looked_at = {}, 0
-- Gathered here, written at the end with one call each.
local works, leases, aside = {}, {}, {}
local claimed = {}
-- The last number given before those of this call.
local number

local function add(list, one, other)
  list[#list + 1] = one
  list[#list + 1] = other
end

local function in_work(subject)
  local holder = call('HGET', q.busy, subject)
  return holder and (claimed[holder] or call('ZSCORE', q.leases, holder))
end

-- Claims an item, or parks it when its subject is in work. `work` is what is known of earlier attempts. A refresh also
-- waits behind the subject that it is to bring up to date: what is known of it by then is read once.
local function consider(place, work, text, source, kind)
  local behind = source == 'service' and string.match(work.subject, '^refresh%-(.+)$')
  local busy = behind and in_work(behind) and behind or in_work(work.subject) and work.subject
  if busy then
    local rank = order(place)
    call('ZADD', q['parked:' .. busy], work.lane == 'u' and rank - 2 ^ 52 or rank, place)
    add(aside, rank, place)
    -- What it would have waited behind is free: the next that waits there must not wait for this one.
    if behind and behind ~= busy then
      next_of(q, behind)
    end
    return
  end
  call('HSET', q.busy, work.subject, place)
  if behind then
    next_of(q, behind)
  end
  number = number or call('INCRBY', key('numbers'), max) - max
  work.token = string.format('%.0f', number + #claims + 1)
  work.attempts = work.attempts + 1
  claims[#claims + 1] = { place, work.token, work.attempts, text }
  claimed[place] = true
  add(works, place, line_of(work))
  add(leases, now + lease[work.lane], place)
  if q.inbox and source == 'service' then
    -- It no longer waits: from now on, another refresh has to be a new one.
    local mark = kind .. ' ' .. work.subject
    if call('HGET', key('marks'), mark) == place then
      call('HDEL', key('marks'), mark)
    end
  end
end

-- First those that were put in a lane.
while #claims < max and looked_at < LOOKED_AT_MAX do
  local place = call('LPOP', q['ready:u']) or all and call('LPOP', q['ready:n'])
  if not place then
    break
  end
  looked_at = looked_at + 1
  call('ZREM', q.aside, place)
  local text = text_of(q, place)
  if text then
    local source, kind, subject, lane = head(text)
    consider(place, work_of(q, place) or fresh(place, subject, lane), text, source, kind)
  end
end

-- How many of those that are looked at for the first time came in which hour.
local came = {}

-- Then whatever of the log nobody has looked at. Urgent ones come through their own lane.
while all and q.inbox and #claims < max and looked_at < LOOKED_AT_MAX do
  local cursor = call('GET', key('in:cursor')) or '0-0'
  local count = math.min(max - #claims, LOOKED_AT_MAX - looked_at, 64)
  local entries = call('XRANGE', key('in:log'), '(' .. cursor, '+', 'COUNT', count)
  if #entries == 0 then
    break
  end
  for _, entry in ipairs(entries) do
    local place, text = entry[1], entry[2][2]
    local source, kind, subject, lane = head(text)
    looked_at = looked_at + 1
    local hour = hour_of(text)
    came[hour] = (came[hour] or 0) + 1
    if lane ~= 'u' then
      consider(place, fresh(place, subject, lane), text, source, kind)
    elseif not (claimed[place] or call('ZSCORE', q.leases, place) or call('ZSCORE', q.done, place)) then
      add(aside, order(place), place)
    end
    cursor = place
  end
  call('SET', key('in:cursor'), cursor)
end

-- The log's cursor passes each delivery once, so each is counted once.
for hour, count in pairs(came) do
  if call('HINCRBY', q.came, hour, count) == count then
    -- A new hour: what is far from this one goes, whether it is old or from a wrong clock.
    for _, other in ipairs(call('HKEYS', q.came)) do
      if math.abs(tonumber(other) - now / 3600000) > HOURS_KEPT then
        call('HDEL', q.came, other)
      end
    end
  end
end

for name, list in pairs({ leases = leases, aside = aside }) do
  if #list > 0 then
    call('ZADD', q[name], unpack(list))
  end
end
if #works > 0 then
  call('HSET', q.work, unpack(works))
end
return { looked_at < LOOKED_AT_MAX and 0 or 1, claims }
