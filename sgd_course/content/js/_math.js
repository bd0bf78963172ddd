// Arithmetic that more than one figure uses

// The bytes that sgd_course.figures.to_text has made text of
export function bytes(text) { return Uint8Array.from(atob(text), c => c.charCodeAt(0)) }

export function floats(text) { return new Float32Array(bytes(text).buffer) }

// f(0), f(1), ... f(n - 1)
export function times(n, f) { return Array.from({length: n}, (_, i) => f(i)) }

// `n` numbers from lo to hi, both included, at equal distances
export function spread(lo, hi, n) { return times(n, i => lo + (hi - lo)*i/(n - 1)) }

export function clamp(v, lo, hi) { return Math.max(lo, Math.min(hi, v)) }

// Random numbers from 0 to 1, the same for the same seed (mulberry32)
export function random(seed) {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0)/2 ** 32;
  };
}

// Random numbers with mean 0 and standard deviation 1, from the source `next` of even ones (Box and Muller)
export function normal(next) { return Math.sqrt(-2*Math.log(1 - next()))*Math.cos(2*Math.PI*next()) }

// Lines of equal height through a grid of heights z (rows of equal length): a list of [x, y, x, y] in cells
export function contour(z, level) {
  const found = [];
  for (let j = 0; j + 1 < z.length; j++) {
    for (let i = 0; i + 1 < z[j].length; i++) {
      const cuts = cut(z, i, j, level);
      for (let k = 0; k + 1 < cuts.length; k += 2) found.push([...cuts[k], ...cuts[k + 1]]);
    }
  }
  return found;
}

// Where the edges of a cell cross the level, its corners taken in turn
function cut(z, i, j, level) {
  const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cuts = [];
  const heights = corners.map(([x, y]) => z[y][x] - level);
  if (heights.filter(h => h < 0).length % 4 == 0) return cuts;
  for (let k = 0; k < 4; k++) {
    const m = (k + 1)%4, [a, b] = [heights[k], heights[m]], s = a/(a - b);
    if (a < 0 != b < 0) cuts.push([0, 1].map(d => corners[k][d] + s*(corners[m][d] - corners[k][d])));
  }
  return cuts;
}

// A word with its article: a 3, an 8
export function an(word) { return (/^(8|11$|18$|[aeiou])/i.test(word) ? 'an ' : 'a ') + word }
