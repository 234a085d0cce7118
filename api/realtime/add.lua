-- Shares events, given in order, and wakes the listeners if any was new.
-- KEYS: events. ARGV: channel, task, keep ms, most to hold, then seq and event in turn.
-- Only the seq after the highest one is taken (any, when there is none), so two
-- holders for a moment, or a repeated call, change nothing.
local top = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local last = tonumber(top[2] or '0')
local added = 0
for i = 5, #ARGV, 2 do
  local seq = tonumber(ARGV[i])
  if last == 0 or seq == last + 1 then
    redis.call('ZADD', KEYS[1], seq, ARGV[i + 1])
    last = seq
    added = added + 1
  end
end
if added > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[4]) - 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PUBLISH', ARGV[1], ARGV[2])
end
return added
