/** A token may be renewed up to this many seconds after its issue (vault.md §9). */
export const MAX_TTL = 2_764_800;

/** The earlier of two ends; null: never. */
export function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null) return other;
  if (other === null) return one;
  return one < other ? one : other;
}
