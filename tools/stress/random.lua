--- random(seed) -> function(n) -> an integer from 1 to n. Each thread has one
-- of its own: what it draws does not depend on who runs when.

-- xorshift64*: Vigna, An experimental exploration of Marsaglia's xorshift
-- generators, scrambled.
return function(seed)
  local x = seed * 0x9E3779B97F4A7C15 | 1
  return function(n)
    x = x ~ x >> 12
    x = x ~ x << 25
    x = x ~ x >> 27
    return (x * 0x2545F4914F6CDD1D >> 33) % n + 1
  end
end
