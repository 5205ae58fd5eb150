/** What a statement does, to those who measure: from its text alone, which holds no value. */
export interface StatementLabel {
  /** `select`, `insert`, `update`, `delete`, `begin`, `commit`, `rollback` or `other`. */
  operation: string;
  /** The first table it names; null where it names none. */
  table: string | null;
}

const OPERATION = /\b(select|insert|update|delete)\b/i;
const CHANGE = /\b(insert)\s+into\b|\b(update)\s+(?:only\s+)?["a-z_]|\b(delete)\s+from\b/i;
const TABLES = /\b(?:from|into|update)\s+(?:only\s+)?"?([a-z_][a-z0-9_]*)/gi;
const NAMED = /\b([a-z_][a-z0-9_]*)\s*(?:\([^()]*\)\s*)?as\s+(?:(?:not\s+)?materialized\s+)?\(/gi;
const WORDS: Record<string, string> = {
  select: 'select',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
  start: 'begin',
  begin: 'begin',
  commit: 'commit',
  rollback: 'rollback',
};
/** Statements that are put together at run time, such as lists, have many texts. */
const MOST_KNOWN = 2_000;

const known = new Map<string, StatementLabel>();

export function statementLabel(text: string): StatementLabel {
  const found = known.get(text);
  if (found !== undefined) return found;
  const label = read(text);
  if (known.size < MOST_KNOWN) known.set(text, label);
  return label;
}

function read(text: string): StatementLabel {
  const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? '';
  if (word !== 'with') return { operation: WORDS[word] ?? 'other', table: tableIn(text) };
  const operation = OPERATION.exec(outside(text))?.[1]?.toLowerCase() ?? 'select';
  const change = operation === 'select' ? CHANGE.exec(text) : null;
  if (change === null) return { operation, table: tableIn(text) };
  const [, insert, update, remove] = change;
  const inner = (insert ?? update ?? remove)!.toLowerCase();
  return { operation: inner, table: tableIn(text.slice(change.index)) };
}

/** The first table outside of parentheses, else inside; a name that a WITH gave is none. */
function tableIn(text: string): string | null {
  const given = new Set([...text.matchAll(NAMED)].map(([, name]) => name!.toLowerCase()));
  for (const part of [outside(text), text])
    for (const [, name] of part.matchAll(TABLES))
      if (!given.has(name!.toLowerCase())) return name!.toLowerCase();
  return null;
}

/** The text without what stands in parentheses. */
function outside(text: string): string {
  let depth = 0;
  let kept = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (depth <= 0) kept += character;
  }
  return kept;
}
