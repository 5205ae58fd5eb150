/** Things kept under the beginnings of paths, found by as many look-ups as there are different lengths. */
export class PrefixTable<T> {
  private readonly byPrefix = new Map<string, T>();
  /** How many prefixes there are of each length. */
  private readonly counts = new Map<number, number>();
  /** Those lengths, the longest first. */
  private lengths: number[] = [];

  obtain(prefix: string, make: () => T): T {
    const known = this.byPrefix.get(prefix);
    if (known !== undefined) return known;
    const made = make();
    this.set(prefix, made);
    return made;
  }

  set(prefix: string, value: T): void {
    if (!this.byPrefix.has(prefix)) this.count(prefix.length, 1);
    this.byPrefix.set(prefix, value);
  }

  delete(prefix: string): void {
    if (this.byPrefix.delete(prefix)) this.count(prefix.length, -1);
  }

  /** What is kept under the beginnings of a path, the longest first. */
  *along(path: string): Iterable<T> {
    for (const length of this.lengths) {
      const found = length <= path.length ? this.byPrefix.get(path.slice(0, length)) : undefined;
      if (found !== undefined) yield found;
    }
  }

  values(): Iterable<T> {
    return this.byPrefix.values();
  }

  private count(length: number, change: number): void {
    const count = (this.counts.get(length) ?? 0) + change;
    if (count > 0) this.counts.set(length, count);
    else this.counts.delete(length);
    if (count === 0 || (count === 1 && change === 1))
      this.lengths = [...this.counts.keys()].sort((one, other) => other - one);
  }
}
