/**
 * Solves (A + ridge) x = b for one symmetric positive matrix, kept as its lower triangle row by row (length size·(size+1)/2).
 * Cholesky's method (Golub and Van Loan, Matrix Computations, 4.2). The first unknown, the constant term, is not penalised.
 * @param ridge added to each diagonal place but the first, as a share of that place and of the first one.
 * @returns false, leaving `into` as it was, when the matrix cannot be solved.
 */
export function solveRidge(
  lower: Float64Array, lowerOffset: number, right: Float64Array, rightOffset: number, size: number, ridge: number,
  into: Float64Array, intoOffset: number,
): boolean {
  const places = (size * (size + 1)) / 2;
  const work = lower.slice(lowerOffset, lowerOffset + places);
  const first = work[0]!;
  if (!(first > 0)) return false;
  for (let row = 1; row < size; row += 1) work[place(row, row)]! += ridge * (work[place(row, row)]! + first);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = work[place(row, column)]!;
      for (let inner = 0; inner < column; inner += 1) sum -= work[place(row, inner)]! * work[place(column, inner)]!;
      if (row === column) {
        if (!(sum > 0)) return false;
        work[place(row, row)] = Math.sqrt(sum);
      } else {
        work[place(row, column)] = sum / work[place(column, column)]!;
      }
    }
  }
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    let sum = right[rightOffset + row]!;
    for (let inner = 0; inner < row; inner += 1) sum -= work[place(row, inner)]! * solution[inner]!;
    solution[row] = sum / work[place(row, row)]!;
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = solution[row]!;
    for (let inner = row + 1; inner < size; inner += 1) sum -= work[place(inner, row)]! * solution[inner]!;
    solution[row] = sum / work[place(row, row)]!;
  }
  for (let row = 0; row < size; row += 1) if (!Number.isFinite(solution[row]!)) return false;
  into.set(solution, intoOffset);
  return true;
}

function place(row: number, column: number): number {
  return (row * (row + 1)) / 2 + column;
}
