// The server's time, as well as a browser with a wrong clock can know it: every answer has a Date
// header, and the answer that took least time tells best how far this machine's clock is off.

let offsetMs = 0;
let bestRoundTripMs = Infinity;
let heardAt = -Infinity;
const kForgetMs = 10 * 60 * 1000;

/**
 * @param {string | null} date the Date header of an answer
 * @param {number} askedAt performance.now() when it was asked
 */
export function hear(date, askedAt) {
  const said = date ? Date.parse(date) : NaN;
  if (Number.isNaN(said)) return;
  const answeredAt = performance.now();
  const roundTripMs = answeredAt - askedAt;
  if (roundTripMs > bestRoundTripMs && answeredAt - heardAt < kForgetMs) return;
  bestRoundTripMs = roundTripMs;
  heardAt = answeredAt;
  // The header has whole seconds: on average it is half a second behind.
  const off = said + 500 + roundTripMs / 2 - Date.now();
  // Less than the header can tell apart is no reason to distrust a good clock.
  offsetMs = Math.abs(off) < 1500 ? 0 : off;
}

/** Now, by the server's clock, in milliseconds since 1970. */
export function now() {
  return Date.now() + offsetMs;
}
