-- Takes a batch of deliveries in: those whose content was not seen before go into the log, urgent ones also into
-- their lane. Answers with one text, which is cheaper than a list: for each its place, or - for one that came before.
--
-- KEYS: log, urgent lane, then the sets of seen contents
-- ARGV: how many seconds a set lives on, then for each delivery: number of its set in KEYS, hash, lane, text
local call, pcall = redis.call, redis.pcall
local args, log = ARGV, KEYS[1]
local answers, grown = {}, {}
local n = 0
for at = 2, #args, 4 do
  local seen = KEYS[tonumber(args[at])]
  local place = '-'
  if call('SADD', seen, args[at + 1]) == 1 then
    place = pcall('XADD', log, '*', 'd', args[at + 3])
    if type(place) == 'table' then
      -- Not stored, so it must not be recognised when it comes again.
      call('SREM', seen, args[at + 1])
      return place
    end
    if args[at + 2] == 'u' then
      call('RPUSH', KEYS[2], place)
    end
    grown[seen] = true
  end
  n = n + 1
  answers[n] = place
end
for seen in pairs(grown) do
  call('EXPIRE', seen, args[1])
end
return table.concat(answers, ' ')
