/** From one node to the next below it. */
export const rowPx = 60;
const nearPx = 100;

/** The first free place of a flow from there on downwards. @param z id of the flow @returns y */
export function freeBelow(z: string, x: number, fromY: number): number {
  const taken: number[] = [];
  RED.nodes.eachNode((other) => {
    if (other.z === z && Math.abs(Number(other['x']) - x) < nearPx) taken.push(Number(other['y']));
  });
  let y = fromY;
  while (taken.some((other) => Math.abs(other - y) < rowPx * 0.75)) y += rowPx;
  return y;
}
