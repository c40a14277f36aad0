-- What the scripts that work on a queue have in common; each of them has this text before its own.

-- No lease and no due time is set further ahead than this. One that is was set while a clock was wrong, and counts as
-- past.
local HORIZON = 48 * 3600 * 1000

-- The keys of a queue, 'in' or 'out', by their names: q.leases, q['ready:u'].
local function queue(name)
  local own = KEYS[1] .. name .. ':'
  return setmetatable({ inbox = name == 'in' }, {
    __index = function(_, rest)
      return own .. rest
    end,
  })
end

-- The place as one number. It is exact: it stays below 2^53 until the year 2248.
local function order(place)
  local millis, number = string.match(place, '^(%d+)-(%d+)')
  if not millis then
    return 0
  end
  return tonumber(millis) * 1024 + math.min(tonumber(number), 1023)
end

-- The stored text, or nil. A place that no stream can have is unknown, not an error.
local function text_of(q, place)
  if not q.inbox then
    return call('HGET', key('out:items'), place) or nil
  end
  local found = redis.pcall('XRANGE', key('in:log'), place, place)[1]
  return found and found[2][2]
end

-- Source, kind, subject and lane from the first line of a text. More may stand behind them.
local function head(text)
  return string.match(text, '^[^\t\n]*\t([^\t\n]*)\t[^\t\n]*\t([^\t\n]*)\t([^\t\n]*)\t([un])[\t\n]')
end

-- The hour since 1970 in which a delivery came, by its first field.
local function hour_of(text)
  local millis = tonumber(string.match(text, '^(%d+)\t') or 0)
  return string.format('%.0f', math.floor(millis / 3600000))
end

-- What is known of the attempts; nil when there were none.
local function work_of(q, place)
  local line = call('HGET', q.work, place)
  local token, attempts, lane, subject, failures =
    string.match(line or '', '^(%S+) (%d+) ([un]) ([^\n]*)(.*)$')
  if not token then
    return nil
  end
  return { token = token, attempts = tonumber(attempts), lane = lane, subject = subject, failures = failures }
end

-- What is known of an item that was never claimed. A text without a head blocks nobody: its claimer will bury it.
local function fresh(place, subject, lane)
  return { token = '-', attempts = 0, lane = lane or 'n', subject = subject or place, failures = '' }
end

local function line_of(work)
  return work.token .. ' ' .. work.attempts .. ' ' .. work.lane .. ' ' .. work.subject .. work.failures
end

local function keep_work(q, place, work)
  call('HSET', q.work, place, line_of(work))
end

-- What is known of the attempts, if the claim is still the one that the token stands for.
local function held_work(q, place, token)
  local work = work_of(q, place)
  if work and work.token == token then
    return work
  end
end

-- Adds a failed attempt; the oldest ones beyond `max` go.
local function remember(work, failure, max)
  local all = work.failures .. '\n' .. failure
  local _, count = string.gsub(all, '\n', '')
  for _ = max + 1, count do
    all = string.match(all, '^\n[^\n]*(\n.*)$')
  end
  work.failures = all
end

-- Makes the last attempt one that never was.
local function uncount(work)
  work.attempts = math.max(0, work.attempts - 1)
end

-- The first item that waits for a subject, which is free, comes to the front of its lane.
local function next_of(q, subject)
  local first = call('ZPOPMIN', q['parked:' .. subject])
  if first[1] then
    local lane = tonumber(first[2]) < 0 and 'u' or 'n'
    call('LPUSH', q['ready:' .. lane], first[1])
  end
end

-- Ends a claim: its subject is free.
local function release(q, place, subject)
  call('ZREM', q.leases, place)
  call('HDEL', q.busy, subject)
  next_of(q, subject)
end

-- Ends a claim whose item is not done.
local function put_aside(q, place, work)
  release(q, place, work.subject)
  work.token = '-'
  keep_work(q, place, work)
  call('ZADD', q.aside, order(place), place)
end

-- Ends a claim whose item is done. Of one that was done at the first attempt, nothing is kept but when.
local function finish(q, place, work, now)
  release(q, place, work.subject)
  call('ZADD', q.done, now, place)
  if work.attempts == 1 and work.failures == '' then
    call('HDEL', q.work, place)
  else
    work.token = '-'
    keep_work(q, place, work)
  end
end

-- State, attempts, when it was settled (or '') and failures of an item that exists.
local function progress_of(q, place)
  local work = work_of(q, place)
  local failures = work and work.failures or ''
  local done = call('ZSCORE', q.done, place)
  if done then
    local state = call('ZSCORE', q.discarded, place) and 'discarded' or 'done'
    return state, work and work.attempts or 1, done, failures
  end
  local dead = call('ZSCORE', q.dead, place)
  if dead then
    return 'dead', work and work.attempts or 0, dead, failures
  end
  if not work then
    return 'waiting', 0, '', ''
  end
  local failed = failures ~= '' or work.attempts > 1
  failed = failed or call('ZSCORE', q.delayed, place)
  return failed and 'retrying' or 'waiting', work.attempts, '', failures
end
