-- The page's lanes: pieces side by side in time, of which a pixel may stand for
-- many. Sums from the left say what share of a pixel's time each kind has, so
-- to draw a lane costs as much as it is wide, however many pieces there are.

return [==[
// The first index from `low` on at which values is above t.
function above(values, t, low) {
  let high = low, step = 1;
  while (high < values.length && values[high] <= t) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = Math.min(high, values.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Lane {
  constructor(size, kinds) {
    this.size = size;
    this.kinds = kinds;
    this.from = new Float64Array(size);
    this.to = new Float64Array(size);
    this.kind = new Uint8Array(size);
    this.detail = new Uint32Array(size);
    this.hits = null; // while one searches: how many pieces before match
  }

  // Of a list of gaps, lengths, kinds and details.
  static decode(list, kinds, kindOf) {
    const lane = new Lane(list.length / 4, kinds);
    for (let i = 0, k = 0, t = 0; i < lane.size; i++) {
      lane.from[i] = t += list[k++];
      lane.to[i] = t += list[k++];
      lane.kind[i] = list[k++];
      lane.detail[i] = list[k++];
      if (kindOf) lane.kind[i] = kindOf(lane.detail[i]);
    }
    return lane.sum();
  }

  sum() {
    this.sums = [];
    for (let kind = 0; kind < this.kinds; kind++)
      this.sums.push(null);
    for (let i = 0; i < this.size; i++)
      this.sums[this.kind[i]] ??= new Float64Array(this.size + 1);
    this.sums.forEach((sum, kind) => {
      if (!sum) return;
      for (let i = 0; i < this.size; i++)
        sum[i + 1] = sum[i] +
          (this.kind[i] === kind ? this.to[i] - this.from[i] : 0);
    });
    return this;
  }

  // The first piece that ends after t, from piece i on.
  at(t, i = 0) { return above(this.to, t, i); }

  // How long each kind is between a and b, from piece i on (the first that
  // ends after a); returns the piece that begins at b, or later.
  shares(a, b, i, out) {
    let j = i;
    if (j < this.size && this.from[j] < b) j = above(this.from, b, j);
    while (j > i && this.from[j - 1] >= b) j--;
    for (let k = 0; k < this.kinds; k++) {
      const sum = this.sums[k];
      out[k] = sum ? sum[j] - sum[i] : 0;
    }
    if (j > i) {
      out[this.kind[i]] -= Math.max(0, a - this.from[i]);
      out[this.kind[j - 1]] -= Math.max(0, this.to[j - 1] - b);
    }
    return j;
  }

  // Counts what matches: for each detail 1 or 0. Null: nothing is searched.
  search(matches) {
    this.hits = matches && new Uint32Array(this.size + 1);
    for (let i = 0; matches && i < this.size; i++)
      this.hits[i + 1] = this.hits[i] + matches[this.detail[i]];
    return matches ? this.hits[this.size] : 0;
  }

  isHit(i) { return !this.hits || this.hits[i + 1] > this.hits[i]; }

  // One lane of several in which at each time one at most has a piece: of
  // each the pieces of a kind; their kinds are the numbers of the lanes.
  static merge(lanes, kind, kinds) {
    const picks = lanes.map(lane => {
      const list = [];
      for (let i = 0; i < lane.size; i++)
        if (lane.kind[i] === kind) list.push(i);
      return list;
    });
    const next = lanes.map(() => 0);
    const merged = new Lane(picks.reduce((n, p) => n + p.length, 0), kinds);
    for (let k = 0; k < merged.size; k++) {
      let best = -1, first = Infinity;
      for (let l = 0; l < lanes.length; l++) {
        const i = picks[l][next[l]];
        if (i !== undefined && lanes[l].from[i] < first) {
          first = lanes[l].from[i];
          best = l;
        }
      }
      const lane = lanes[best], i = picks[best][next[best]++];
      merged.from[k] = lane.from[i];
      merged.to[k] = lane.to[i];
      merged.detail[k] = lane.detail[i];
      merged.kind[k] = best % kinds;
    }
    return merged.sum();
  }
}
]==]
