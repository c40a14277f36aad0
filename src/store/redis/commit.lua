-- Settles a claimed item and writes what follows from it; or changes nothing and answers 'lost' or 'stale'.
--
-- Or carries out a command, which claims nothing and gets a place of its own.
--
-- ARGV: queue, place, token, 'done', 'dead' or 'command', the failure that a death is, failures kept, now (milliseconds),
--   how many records it is based on, for each: table, key, version; then the writes, each begun by its name:
--   put table key json · drop table key · refresh mark text lane · send place text lane
local q, place = queue(ARGV[1]), ARGV[2]
local now = ARGV[7]
local work
if ARGV[4] == 'command' then
  -- Numbers are given once; with the time before them they make a place that no stream gives.
  work = { token = string.format('%.0f', call('INCRBY', key('numbers'), 1)) }
  place = now .. '-' .. string.format('%.0f', 1024 + tonumber(work.token) % 1047552)
else
  work = held_work(q, place, ARGV[3])
end
if not work then
  return 'lost'
end

local at = 9
for _ = 1, tonumber(ARGV[8]) do
  local stored = call('HGET', key('t:' .. ARGV[at]), ARGV[at + 1])
  local version = stored and string.match(stored, '^%d+') or '0'
  if version ~= ARGV[at + 2] then
    return 'stale'
  end
  at = at + 3
end

local write = {}

function write.put(kind, name, json)
  -- The number of the claim serves for its commit too: a claim is settled once.
  if call('HSET', key('t:' .. kind), name, work.token .. ' ' .. json) == 1 then
    call('ZADD', key('k:' .. kind), 0, name)
  end
  return 3
end

function write.drop(kind, name)
  call('HDEL', key('t:' .. kind), name)
  call('ZREM', key('k:' .. kind), name)
  return 2
end

function write.refresh(mark, text, lane)
  local inbox = queue('in')
  local waiting = call('HGET', key('marks'), mark)
  if not waiting then
    local new = call('XADD', key('in:log'), '*', 'd', text)
    call('HSET', key('marks'), mark, new)
    if lane == 'u' then
      call('RPUSH', inbox['ready:u'], new)
    end
  elseif call('ZREM', inbox.delayed, waiting) == 1 then
    -- It waits for another attempt: this wish makes it due, with all its attempts before it.
    local delayed = work_of(inbox, waiting)
    delayed.attempts = 0
    keep_work(inbox, waiting, delayed)
    call('RPUSH', inbox['ready:' .. delayed.lane], waiting)
  end
  return 3
end

function write.send(name, text, lane)
  if ARGV[4] == 'command' then
    name = place .. name
  end
  if call('HSETNX', key('out:items'), name, text) == 1 then
    local outbox = queue('out')
    call('ZADD', key('out:index'), order(name), name)
    call('ZADD', outbox.aside, order(name), name)
    call('RPUSH', outbox['ready:' .. lane], name)
  end
  return 3
end

while at <= #ARGV do
  at = at + 1 + write[ARGV[at]](ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end

if ARGV[4] == 'command' then
  return 'ok'
elseif ARGV[4] == 'done' then
  finish(q, place, work, now)
else
  remember(work, ARGV[5], tonumber(ARGV[6]))
  put_aside(q, place, work)
  call('ZADD', q.dead, now, place)
end
return 'ok'
