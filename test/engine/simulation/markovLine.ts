/** A line of single stations with exponential times: rates of work, of failing while at work and of repair, and places between them. */
export interface MarkovLine {
  mu: readonly number[];
  fail: readonly number[];
  repair: readonly number[];
  buffers: readonly number[];
}

const [idle, busy, finished, broken] = [0, 1, 2, 3];

/**
 * The exact throughput of a small saturated line with blocking after service, and the mean number in each buffer: every state of the Markov
 * chain is found from the empty line, and its equations are solved directly. It knows nothing of the simulator.
 */
export function solveMarkovLine({ mu, fail, repair, buffers }: MarkovLine): { rate: number; levels: number[]; states: number } {
  const count = mu.length;
  const settle = (state: number[]): number[] => {
    const next = [...state];
    for (let moved = true; moved; ) {
      moved = false;
      for (let at = count - 1; at >= 0; at -= 1) {
        if (next[at] === finished) {
          if (at === count - 1) {
            next[at] = idle!;
            moved = true;
          } else if (next[count + at]! < buffers[at]!) {
            next[count + at]! += 1;
            next[at] = idle!;
            moved = true;
          } else if (next[count + at] === 0 && next[at + 1] === idle) {
            next[at + 1] = busy!;
            next[at] = idle!;
            moved = true;
          }
        }
        if (next[at] === idle && (at === 0 || next[count + at - 1]! > 0)) {
          if (at > 0) next[count + at - 1]! -= 1;
          next[at] = busy!;
          moved = true;
        }
      }
    }
    return next;
  };
  const first = settle([...mu.map(() => idle!), ...buffers.map(() => 0)]);
  const index = new Map([[first.join(), 0]]);
  const states = [first];
  const moves: { from: number; to: number; rate: number }[] = [];
  for (let from = 0; from < states.length; from += 1) {
    const state = states[from]!;
    const go = (at: number, phase: number, rate: number): void => {
      if (rate <= 0) return;
      const next = settle(state.map((value, place) => (place === at ? phase : value)));
      let to = index.get(next.join());
      if (to === undefined) {
        to = states.length;
        index.set(next.join(), to);
        states.push(next);
      }
      moves.push({ from, to, rate });
    };
    for (let at = 0; at < count; at += 1) {
      if (state[at] === busy) {
        go(at, finished!, mu[at]!);
        go(at, broken!, fail[at]!);
      } else if (state[at] === broken) {
        go(at, busy!, repair[at]!);
      }
    }
  }
  const size = states.length;
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (const { from, to, rate } of moves) {
    matrix[to]![from]! += rate;
    matrix[from]![from]! -= rate;
  }
  matrix[size - 1]!.fill(1);
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) if (Math.abs(matrix[row]![column]!) > Math.abs(matrix[pivot]![column]!)) pivot = row;
    [matrix[column], matrix[pivot]] = [matrix[pivot]!, matrix[column]!];
    const top = matrix[column]!;
    for (let row = column + 1; row < size; row += 1) {
      const factor = matrix[row]![column]! / top[column]!;
      if (factor === 0) continue;
      for (let at = column; at <= size; at += 1) matrix[row]![at]! -= factor * top[at]!;
    }
  }
  const shares = new Float64Array(size);
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = matrix[row]![size]!;
    for (let at = row + 1; at < size; at += 1) sum -= matrix[row]![at]! * shares[at]!;
    shares[row] = sum / matrix[row]![row]!;
  }
  let rate = 0;
  const levels = buffers.map(() => 0);
  for (const [at, state] of states.entries()) {
    if (state[count - 1] === busy) rate += shares[at]! * mu[count - 1]!;
    for (const [buffer] of buffers.entries()) levels[buffer]! += shares[at]! * state[count + buffer]!;
  }
  return { rate, levels, states: size };
}
