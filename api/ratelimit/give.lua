-- Gives a bucket back what was taken. KEYS: the bucket. ARGV: how much, in microseconds.
-- Where the bucket is full again, or forgotten, nothing is owed to it.
local owed = redis.call('GET', KEYS[1])
if owed then
  redis.call('SET', KEYS[1], string.format('%.0f', tonumber(owed) - tonumber(ARGV[1])), 'KEEPTTL')
end
return {1}
