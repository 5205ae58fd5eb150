/** What a policy may allow on a path (vault.md §12). */
export type AclCapability = 'create' | 'read' | 'update' | 'delete' | 'list' | 'patch' | 'sudo';

/** Several capabilities in one number, so that thousands of rules unite by `|`. */
export type CapabilitySet = number;

/** In the order answers list them. */
export const CAPABILITIES: readonly AclCapability[] = [
  'create',
  'delete',
  'list',
  'patch',
  'read',
  'sudo',
  'update',
];

export const NOTHING: CapabilitySet = 0;
/** Leaves nothing else standing on its pattern. */
export const DENY: CapabilitySet = 1 << CAPABILITIES.length;

/** Accepted in a text; there is nothing here they could open. */
const WITHOUT_EFFECT = new Set(['subscribe', 'recover', 'scan']);

export function setOf(capabilities: readonly AclCapability[]): CapabilitySet {
  return capabilities.reduce((set, capability) => set | (1 << CAPABILITIES.indexOf(capability)), NOTHING);
}

export function namesIn(set: CapabilitySet): AclCapability[] {
  return CAPABILITIES.filter((_, bit) => (set & (1 << bit)) !== 0);
}

/** What one word of a policy's `capabilities` stands for; null for a word that is none. */
export function readCapability(word: string): CapabilitySet | null {
  if (word === 'deny') return DENY;
  if (WITHOUT_EFFECT.has(word)) return NOTHING;
  const bit = (CAPABILITIES as readonly string[]).indexOf(word);
  return bit < 0 ? null : 1 << bit;
}

const READ = setOf(['read', 'list']);
const WRITE = setOf(['create', 'read', 'update', 'delete', 'list']);

/** The older form, `policy = "write"`; null for a word that is none. */
export function readLegacyPolicy(word: string): CapabilitySet | null {
  if (word === 'deny') return DENY;
  if (word === 'read') return READ;
  if (word === 'write') return WRITE;
  return word === 'sudo' ? WRITE | setOf(['sudo']) : null;
}

/** Unites two sets: any deny leaves only deny. */
export function unite(one: CapabilitySet, other: CapabilitySet): CapabilitySet {
  return ((one | other) & DENY) === 0 ? one | other : DENY;
}
