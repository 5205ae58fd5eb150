/** What a template of the account's name may speak of (contract vault.md §5.4, §12). */
export interface AccountFacts {
  entity: { id: string; name: string | null; metadata: Record<string, string> };
  /** By mount accessor. */
  aliases: Record<string, { id: string; name: string; customMetadata: Record<string, string> }>;
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** Why a template cannot be used, or null. */
export function templateProblem(template: string): string | null {
  const rest = template.replace(PLACEHOLDER, '');
  if (/\{\{|\}\}/.test(rest)) return 'unbalanced templating characters';
  for (const [, path] of template.matchAll(PLACEHOLDER))
    if (!KNOWN.some((pattern) => pattern.test((path ?? '').trim()))) return 'unknown template parameter';
  return null;
}

const KNOWN = [
  /^identity\.entity\.(id|name)$/,
  /^identity\.entity\.metadata\.[^.\s]+$/,
  /^identity\.entity\.aliases\.[^.\s]+\.(id|name|(custom_)?metadata\.[^.\s]+)$/,
];

/** The template with its facts put in; null where one is missing or empty. */
export function renderTemplate(template: string, facts: AccountFacts): string | null {
  let complete = true;
  const text = template.replace(PLACEHOLDER, (_, path: string) => {
    const value = resolve(path.trim().split('.').slice(2), facts);
    if (!value) complete = false;
    return value ?? '';
  });
  return complete && text !== '' ? text : null;
}

function resolve(
  [field, key, ...rest]: string[],
  { entity, aliases }: AccountFacts,
): string | null | undefined {
  if (field === 'id') return entity.id;
  if (field === 'name') return entity.name;
  if (field === 'metadata') return entity.metadata[key ?? ''];
  const alias = aliases[key ?? ''];
  if (rest[0] === 'id') return alias?.id;
  if (rest[0] === 'name') return alias?.name;
  return alias?.customMetadata[rest[1] ?? ''];
}
