-- One item: nothing, or state, attempts, when it was settled, failures, text.
--
-- ARGV: queue, place
local q, place = queue(ARGV[1]), ARGV[2]
local text = text_of(q, place)
if not text then
  return false
end
local state, attempts, settled, failures = progress_of(q, place)
return { place, state, attempts, settled, failures, text }
