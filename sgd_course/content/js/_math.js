// Arithmetic that more than one figure uses

// The bytes that sgd_course.figures.to_text has made text of
export function bytes(text) { return Uint8Array.from(atob(text), c => c.charCodeAt(0)) }

// Random numbers from 0 to 1, the same for the same seed (mulberry32)
export function random(seed) {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0)/2 ** 32;
  };
}

// Lines of equal height through a grid of heights z (rows of equal length): a list of [x, y, x, y] in cells
export function contour(z, level) {
  const found = [];
  for (let j = 0; j + 1 < z.length; j++) for (let i = 0; i + 1 < z[j].length; i++) {
    const h = [z[j][i], z[j][i + 1], z[j + 1][i + 1], z[j + 1][i]].map(v => v - level);
    if (h.filter(v => v < 0).length % 4 == 0) continue;
    const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cuts = [];
    for (let k = 0; k < 4; k++) {
      const m = (k + 1)%4;
      if (h[k] < 0 != h[m] < 0) { const s = h[k]/(h[k] - h[m]); cuts.push([0, 1].map(d => corners[k][d] + s*(corners[m][d] - corners[k][d]))) }
    }
    for (let k = 0; k + 1 < cuts.length; k += 2) found.push([...cuts[k], ...cuts[k + 1]]);
  }
  return found;
}

// A word with its article: a 3, an 8
export function an(word) { return (/^(8|11$|18$|[aeiou])/i.test(word) ? 'an ' : 'a ') + word }
