/** What is told of somebody or something. */
export type Attribute =
  | { field: 'id' }
  | { field: 'name' }
  | { field: 'metadata'; key: string }
  | { field: 'customMetadata'; key: string };

/** Of whom: the person, a login of theirs at one mount, or a group they are in. */
export type Subject =
  { of: 'entity' } | { of: 'alias'; accessor: string } | { of: 'group'; by: 'id' | 'name'; key: string };

export type Selector = Subject & { attribute: Attribute };

const ENTITY = /^identity\.entity\.([^]+)$/;
const ALIAS = /^identity\.entity\.aliases\.([^.\s]+)\.([^]+)$/;
const GROUP = /^identity\.groups\.(ids|names)\.([^.]+)\.([^]+)$/;
/** Keys hold no blanks: `{{identity.entity.metadata.team name}}` is a slip of the pen. */
const KEYED = /^(metadata|custom_metadata)\.(\S+)$/;

/** Reads what stands between the braces; null for anything that is not in the list of vault.md §12. */
export function parseSelector(text: string): Selector | null {
  const [, group, key = '', ofGroup = ''] = GROUP.exec(text) ?? [];
  if (group !== undefined) {
    const attribute = parseAttribute(ofGroup);
    // A group is asked for what is not in the question.
    if (attribute === null || attribute.field === 'customMetadata') return null;
    if (attribute.field === (group === 'ids' ? 'id' : 'name')) return null;
    return { of: 'group', by: group === 'ids' ? 'id' : 'name', key, attribute };
  }
  const [, accessor, ofAlias = ''] = ALIAS.exec(text) ?? [];
  if (accessor !== undefined) {
    const attribute = parseAttribute(ofAlias);
    return attribute && { of: 'alias', accessor, attribute };
  }
  const [, ofEntity = ''] = ENTITY.exec(text) ?? [];
  const attribute = parseAttribute(ofEntity);
  return attribute === null || attribute.field === 'customMetadata' ? null : { of: 'entity', attribute };
}

function parseAttribute(text: string): Attribute | null {
  if (text === 'id' || text === 'name') return { field: text };
  const [, kind, key] = KEYED.exec(text) ?? [];
  if (key === undefined) return null;
  return { field: kind === 'metadata' ? 'metadata' : 'customMetadata', key };
}
