-- Takes permits out of a bucket. Answers how many, and how long to wait when there are none (microseconds).
-- A bucket is the line `full_at since till`: when it is full again, and from when till when it gives nothing out.
--
-- ARGV: bucket, time of one permit, time of all, how many, now, how much clocks differ (all times in microseconds)
local at = key('limit:' .. ARGV[1])
local one, whole, want, now = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local full_at, since, till = string.match(call('GET', at) or '', '^(%d+) (%d+) (%d+)$')
full_at, since, till = tonumber(full_at or 0), tonumber(since or 0), tonumber(till or 0)
if since <= now + tonumber(ARGV[6]) and now < till then
  return { 0, till - now }
end
-- What a wrong clock wrote is put right also when nothing is granted: else nothing would be until that time.
full_at = math.max(now, math.min(full_at, now + whole))
local granted = math.min(want, math.floor((now + whole - full_at) / one))
local wait = granted == 0 and full_at + one - now - whole or 0
full_at = full_at + one * granted
-- A full bucket is as good as none. The server's own clock need not be the caller's, so it has a minute more.
local keep = math.ceil((full_at - now) / 1000) + 60000
call('SET', at, string.format('%.0f 0 0', full_at), 'PX', string.format('%.0f', keep))
return { granted, wait }
