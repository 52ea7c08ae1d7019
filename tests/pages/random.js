// Numbers that look random and are the same in every run with the same seed.

/** `below(n)`: a whole number from 0 to n - 1; `pick(list)`: one of its entries. */
export function seeded(seed) {
  let state = seed >>> 0;
  // Mulberry32, a 32-bit generator in the public domain.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (bound) => next() % bound;
  return { below, pick: (list) => list[below(list.length)] };
}
