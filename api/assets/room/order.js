// The order of propositions on this candidate's screen: engine::shuffle, to the bit.

const MASK = (1n << 64n) - 1n;
const utf8 = new TextEncoder();

/** FNV-1a over the labels. @param {string[]} labels */
function fold(labels) {
  let hash = 0xcbf29ce484222325n;
  for (const label of labels) for (const byte of [...utf8.encode(label), 0]) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return hash;
}

/** SplitMix64. @param {bigint} state @returns {() => bigint} the next 64 bits */
function stream(state) {
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  };
}

/**
 * Position on screen → place in the paper.
 * @param {string} seed a signed whole number of 64 bits @param {string} question @param {number} count
 * @returns {number[]}
 */
export function order(seed, question, count) {
  const next = stream(BigInt.asUintN(64, BigInt(seed)) ^ fold(["order", question]));
  next();
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Number((next() * BigInt(i + 1)) >> 64n);
    [places[i], places[j]] = [places[j], places[i]];
  }
  return places;
}
