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
  const half = ascending.length / 2;
  const [below, above] = [ascending[Math.ceil(half) - 1], ascending[Math.floor(half)]];
  return below === undefined || above === undefined ? Number.NaN : (below + above) / 2;
}

/** The value below which this share of them lies. */
export function at(ascending: number[], share: number): number {
  return ascending[Math.floor(ascending.length * share)] ?? Number.NaN;
}
