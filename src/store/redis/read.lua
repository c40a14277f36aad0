-- Records as they are at one moment: for each its version, a blank and its JSON, or nothing.
--
-- ARGV: table and key of each
local records = {}
for at = 1, #ARGV, 2 do
  records[#records + 1] = call('HGET', key('t:' .. ARGV[at]), ARGV[at + 1])
end
return records
