import map from './type-target-map.json' with { type: 'json' };

export interface TargetOfType {
  name: string;
  scopable: boolean;
  scopableByIdp: boolean;
}

/** Which target each type of privilege goes with, and how it may be scoped (contract appgate.md §3.3). */
export const TYPE_TARGET_MAP: Record<string, TargetOfType[]> = map.actionMatrixMap;

/** The pair's row in the matrix; undefined where the pair is not valid. */
export function pairOf(type: string, target: string): TargetOfType | undefined {
  return TYPE_TARGET_MAP[type]?.find((entry) => entry.name === target);
}
