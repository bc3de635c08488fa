export function withFileLock<T>(file: string, work: () => T | Promise<T>, waiting?: (owner: number) => void): Promise<T>;
