/** Milliseconds each of `times` calls took, one after the other, in ascending order. */
export async function measure(times: number, call: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const started = performance.now();
    await call();
    taken.push(performance.now() - started);
  }
  return taken.sort((one, other) => one - other);
}

export function median(ascending: number[]): number {
  return ascending[Math.floor(ascending.length / 2)] ?? Number.NaN;
}

/** The value below which this share of them lies. */
export function at(ascending: number[], share: number): number {
  return ascending[Math.floor(ascending.length * share)] ?? Number.NaN;
}
