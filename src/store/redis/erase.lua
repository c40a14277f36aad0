-- Removes an item whatever its state. Answers whether it is gone: one in work stays.
--
-- ARGV: queue, place, now (milliseconds)
local q, place, now = queue(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local text = text_of(q, place)
if not text then
  return 1
end
local source, kind, subject = head(text)
subject = subject or place
local lease = tonumber(call('ZSCORE', q.leases, place) or nil)
if lease and lease > now and lease <= now + HORIZON then
  return 0
elseif lease then
  -- Its holder has vanished.
  release(q, place, subject)
end
if q.inbox then
  call('XDEL', key('in:log'), place)
  local mark = (kind or '') .. ' ' .. subject
  if source == 'service' and call('HGET', key('marks'), mark) == place then
    call('HDEL', key('marks'), mark)
  end
else
  call('HDEL', key('out:items'), place)
  call('ZREM', key('out:index'), place)
end
call('HDEL', q.work, place)
for _, name in ipairs({ 'done', 'discarded', 'dead', 'delayed', 'aside' }) do
  call('ZREM', q[name], place)
end
call('ZREM', q['parked:' .. subject], place)
local behind = source == 'service' and string.match(subject, '^refresh%-(.+)$')
if behind then
  call('ZREM', q['parked:' .. behind], place)
end
local was_ready = call('LREM', q['ready:u'], 0, place) + call('LREM', q['ready:n'], 0, place)
local waited_for = was_ready > 0 and { subject, behind or nil } or {}
for _, subject in ipairs(waited_for) do
  local holder = call('HGET', q.busy, subject)
  if not (holder and call('ZSCORE', q.leases, holder)) then
    -- Whoever comes next there must not wait for this one.
    next_of(q, subject)
  end
end
return 1
