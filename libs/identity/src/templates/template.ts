import { parseSelector, type Selector } from './selector.js';

/** A text with places to be filled in: plain pieces and selectors, in order. */
export interface Template {
  readonly parts: readonly (string | Selector)[];
}

/** Why a text is no template. The message is the whole reason, fit for an error of the wire. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  constructor(
    readonly code: 'unbalanced' | 'unknown-parameter',
    /** Where in the text, in UTF-16 units from 0. */
    readonly position: number,
  ) {
    super(code === 'unbalanced' ? 'unbalanced templating characters' : 'unknown template parameter');
  }
}

/**
 * Reads a template of the one language of ACL paths, `account_name` and `username_format` (contract vault.md §12, §5.4, §5.3):
 * `{{ <selector> }}` anywhere in a text. Single braces are plain text.
 * @throws TemplateError for braces without partner or inside one another, and for a selector that is not of the list.
 */
export function parseTemplate(text: string): Template {
  const parts: (string | Selector)[] = [];
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('{{', at);
    const plain = text.slice(at, open === -1 ? undefined : open);
    const stray = plain.indexOf('}}');
    if (stray !== -1) throw new TemplateError('unbalanced', at + stray);
    if (plain !== '') parts.push(plain);
    if (open === -1) break;
    const close = text.indexOf('}}', open);
    const inner = text.slice(open + 2, close === -1 ? undefined : close);
    if (close === -1 || /[{}]/.test(inner)) throw new TemplateError('unbalanced', open);
    const selector = parseSelector(inner.trim());
    if (selector === null) throw new TemplateError('unknown-parameter', open);
    parts.push(selector);
    at = close + 2;
  }
  return { parts };
}

/** Whether nothing has to be filled in: the text stands for itself. */
export function isPlain(template: Template): boolean {
  return template.parts.every((part) => typeof part === 'string');
}
