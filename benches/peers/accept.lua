-- What every peer stores a callback with: one round trip, atomic, as little as an honest server can do.
--
-- KEYS: hash of the content, stream
-- ARGV: how many seconds a content is recognised, event, change, who, plaintext
if redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then
  return redis.call('XADD', KEYS[2], '*', 'event', ARGV[2], 'change', ARGV[3], 'who', ARGV[4], 'xml', ARGV[5])
end
return false
