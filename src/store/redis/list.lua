-- Records of a table in the order of their keys: key, then version, a blank and JSON.
--
-- ARGV: table, key to begin after ('' for the first), how many, key to end before ('' for none)
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local to = ARGV[4] == '' and '+' or '(' .. ARGV[4]
local names = call('ZRANGEBYLEX', key('k:' .. ARGV[1]), from, to, 'LIMIT', 0, ARGV[3])
local records = {}
for n, name in ipairs(names) do
  records[n] = { name, call('HGET', key('t:' .. ARGV[1]), name) }
end
return records
