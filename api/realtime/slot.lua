-- Takes or renews a slot among a user's sockets.
-- KEYS: slots (a sorted set, score = end in ms). ARGV: slot, most slots, ms to hold it.
-- Answer: 1, or 0 when all are taken. Running it twice does no harm.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for _, slot in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + ARGV[3] + 1, '+inf')) do -- the clock has gone back since
  redis.call('ZADD', KEYS[1], now + ARGV[3], slot)
end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
