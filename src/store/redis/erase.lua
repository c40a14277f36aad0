-- Removes an item whatever its state. Answers whether it is gone: one in work stays.
--
-- ARGV: queue, place
local q, place = queue(ARGV[1]), ARGV[2]
local text = text_of(q, place)
if not text then
  return 1
elseif call('ZSCORE', q.leases, place) then
  return 0
end
local source, kind, subject = head(text)
subject = subject or place
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
local behind = string.match(subject, '^refresh%-(.+)$')
if behind then
  call('ZREM', q['parked:' .. behind], place)
end
local was_ready = call('LREM', q['ready:u'], 0, place) + call('LREM', q['ready:n'], 0, place)
local holder = call('HGET', q.busy, subject)
if was_ready > 0 and not (holder and call('ZSCORE', q.leases, holder)) then
  -- The next that waits for its subject must not wait for this one.
  next_of(q, subject)
end
return 1
