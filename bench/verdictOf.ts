/** What stands beside a figure and its aim. */
export function verdictOf(met: boolean): string {
  return met ? 'met' : '**not met**';
}
