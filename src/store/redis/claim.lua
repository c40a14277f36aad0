-- Takes items into work. Answers whether there may be more to look at, and the items: place, token, attempt, text.
--
-- ARGV: queue, how many at most, length of a lease, now (milliseconds), which lanes (all, urgent)
local q = queue(ARGV[1])
local max, lease, now = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local all = ARGV[5] == 'all'

-- The work of one call is bounded.
local LOOKED_AT_MAX = 4 * max + 64
local RETURNED_MAX = 100

-- No lease and no due time is set further ahead than this. One that is was set while a clock was wrong, and counts as
-- past.
local HORIZON = 48 * 3600 * 1000

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
  call('ZREM', q.leases, place)
  local work = work_of(q, place)
  if work then
    work.token = '-'
    keep_work(q, place, work)
    release(q, work.subject)
  end
  call('LPUSH', q.ready[work and work.lane or 'n'], place)
end

-- Items whose next attempt is due.
for _, place in ipairs(past_or_absurd(q.delayed)) do
  call('ZREM', q.delayed, place)
  local work = work_of(q, place)
  call('RPUSH', q.ready[work and work.lane or 'n'], place)
end

local claims, looked_at, token = {}, 0, nil

-- Parks an item whose subject is in work; claims any other one.
local function consider(place, text)
  looked_at = looked_at + 1
  if not text then
    -- Somebody removed it by hand.
    call('ZREM', q.open, place)
    call('HDEL', q.work, place)
    return
  end
  local source, kind, subject, lane = head(text)
  -- A text without a head blocks nobody: whoever claims it will bury it.
  subject, lane = subject or place, lane or 'n'
  call('ZADD', q.open, order(place), place)
  local holder = call('HGET', q.busy, subject)
  if holder and call('ZSCORE', q.leases, holder) then
    local rank = order(place)
    call('ZADD', q.parked .. subject, lane == 'u' and rank - 2 ^ 52 or rank, place)
    return
  end
  token = token or string.format('%.0f', call('INCR', key('numbers')))
  local work = work_of(q, place) or { attempts = 0, lane = lane, subject = subject, failures = '' }
  work.attempts = work.attempts + 1
  work.token = token
  keep_work(q, place, work)
  call('HSET', q.busy, subject, place)
  call('ZADD', q.leases, now + lease, place)
  if q.inbox and source == 'service' then
    -- It no longer waits: from now on, another refresh has to be a new one.
    local mark = kind .. ' ' .. subject
    if call('HGET', key('marks'), mark) == place then
      call('HDEL', key('marks'), mark)
    end
  end
  claims[#claims + 1] = { place, token, work.attempts, text }
end

while #claims < max and looked_at < LOOKED_AT_MAX do
  local place = call('LPOP', q.ready.u) or all and call('LPOP', q.ready.n)
  if not place then
    break
  end
  consider(place, text_of(q, place))
end

-- Then whatever of the log nobody has looked at.
while all and q.inbox and #claims < max and looked_at < LOOKED_AT_MAX do
  local cursor = call('GET', key('in:cursor')) or '0-0'
  local count = math.min(max - #claims, LOOKED_AT_MAX - looked_at, 64)
  local entries = call('XRANGE', key('in:log'), '(' .. cursor, '+', 'COUNT', count)
  if #entries == 0 then
    break
  end
  for _, entry in ipairs(entries) do
    local place, text = entry[1], entry[2][2]
    cursor = place
    local _, _, _, lane = head(text)
    if lane ~= 'u' then
      consider(place, text)
    else
      -- It came through its own lane.
      looked_at = looked_at + 1
      if not call('ZSCORE', q.done, place) then
        call('ZADD', q.open, order(place), place)
      end
    end
  end
  call('SET', key('in:cursor'), cursor)
end

return { looked_at < LOOKED_AT_MAX and 0 or 1, claims }
