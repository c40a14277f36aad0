-- Takes a batch of deliveries in: those whose content was not seen before go into the log, urgent ones also into
-- their lane. Answers with one text, which is cheaper than a list: for each its place, or - for one that came before.
--
-- KEYS: for each corp its log and its urgent lane, then the sets of seen contents
-- ARGV: how many seconds a set lives on, how many sets, for each set the number of its log in KEYS and 1 if it is to
--       live on from now, then for each delivery: number of its set, hash, lane, text
local call, pcall = redis.call, redis.pcall
local keys, args = KEYS, ARGV
local sets = tonumber(args[2])
local before_sets = #keys - sets
local answers = {}
local n = 0
for at = 3 + 2 * sets, #args, 4 do
  local set = tonumber(args[at])
  local seen = keys[before_sets + set]
  local place = '-'
  if call('SADD', seen, args[at + 1]) == 1 then
    local log = tonumber(args[1 + 2 * set])
    place = pcall('XADD', keys[log], '*', 'd', args[at + 3])
    if type(place) == 'table' then
      -- Not stored, so it must not be recognised when it comes again.
      call('SREM', seen, args[at + 1])
      return place
    end
    if args[at + 2] == 'u' then
      call('RPUSH', keys[log + 1], place)
    end
  end
  n = n + 1
  answers[n] = place
end
for set = 1, sets do
  if args[2 + 2 * set] == '1' then
    call('EXPIRE', keys[before_sets + set], args[1])
  end
end
return table.concat(answers, ' ')
