/**
 * The lower triangular factor of one symmetric positive matrix, kept row by row (length size·(size+1)/2), with `ridge` added to each diagonal
 * place but the first, as a share of that place and of the first one (Cholesky's method; Golub and Van Loan, Matrix Computations, 4.2).
 * Choose it where several right sides belong to one matrix, rather than solveRidge, which factors anew for each.
 * @returns undefined when the matrix is not positive.
 */
export function factorRidge(lower: Float64Array, size: number, ridge: number): Float64Array | undefined {
  const factor = lower.slice(0, (size * (size + 1)) / 2);
  const first = factor[0]!;
  if (!(first > 0)) return undefined;
  for (let row = 1; row < size; row += 1) factor[(row * (row + 3)) / 2]! += ridge * (factor[(row * (row + 3)) / 2]! + first);
  for (let row = 0, begin = 0; row < size; begin += row + 1, row += 1) {
    for (let column = 0, other = 0; column <= row; other += column + 1, column += 1) {
      let sum = factor[begin + column]!;
      for (let inner = 0; inner < column; inner += 1) sum -= factor[begin + inner]! * factor[other + inner]!;
      if (row > column) factor[begin + column] = sum / factor[other + column]!;
      else if (sum > 0) factor[begin + row] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return factor;
}

/**
 * Solves for one right side with the factor's leading `size` rows, which are the factor of the matrix's leading ones.
 * @returns false, leaving `into` as it was, when a number is not finite.
 */
export function solveFactored(factor: Float64Array, size: number, right: Float64Array, rightOffset: number, into: Float64Array, intoOffset: number): boolean {
  const solution = right.slice(rightOffset, rightOffset + size);
  for (let row = 0, begin = 0; row < size; begin += row + 1, row += 1) {
    let sum = solution[row]!;
    for (let inner = 0; inner < row; inner += 1) sum -= factor[begin + inner]! * solution[inner]!;
    solution[row] = sum / factor[begin + row]!;
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = solution[row]!;
    for (let inner = row + 1; inner < size; inner += 1) sum -= factor[(inner * (inner + 1)) / 2 + row]! * solution[inner]!;
    solution[row] = sum / factor[(row * (row + 3)) / 2]!;
  }
  for (const one of solution) if (!Number.isFinite(one)) return false;
  into.set(solution, intoOffset);
  return true;
}
