import { canonicalName } from '../names/index.js';
import type { AliasFacts, GroupFacts, IdentityFacts } from './identity-facts.js';
import type { Attribute, Selector } from './selector.js';
import type { Template } from './template.js';

/**
 * The template with its facts put in; null where one is missing or empty, or the whole text is.
 * @param accepts judges each value that is put in; a refused one makes the template unresolvable.
 */
export function resolveTemplate(
  template: Template,
  facts: IdentityFacts,
  accepts: (value: string) => boolean = () => true,
): string | null {
  let text = '';
  for (const part of template.parts) {
    const value = typeof part === 'string' ? part : valueOf(part, facts);
    if (!value || (typeof part !== 'string' && !accepts(value))) return null;
    text += value;
  }
  return text === '' ? null : text;
}

function valueOf(selector: Selector, facts: IdentityFacts): string | null | undefined {
  const { attribute } = selector;
  if (selector.of === 'entity') return attributeOf(facts, attribute);
  if (selector.of === 'alias') return attributeOf(own(facts.aliases, selector.accessor), attribute);
  return attributeOf(
    facts.groups.find((group) =>
      selector.by === 'id'
        ? group.id === selector.key
        : canonicalName(group.name) === canonicalName(selector.key),
    ),
    attribute,
  );
}

function attributeOf(
  subject: IdentityFacts | AliasFacts | GroupFacts | undefined,
  attribute: Attribute,
): string | null | undefined {
  if (subject === undefined) return undefined;
  if (attribute.field === 'id') return subject.id;
  if (attribute.field === 'name') return subject.name;
  if (attribute.field === 'metadata') return own(subject.metadata, attribute.key);
  return 'customMetadata' in subject ? own(subject.customMetadata, attribute.key) : undefined;
}

/** `constructor` and the like are no keys of anybody's metadata. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
