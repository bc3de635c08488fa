/** How much of one message is read. */
export const largestRows = 100_000;
export const largestValues = 10_000;
/** Characters or bytes. */
export const largestText = 1_048_576;
