import type { PolicyNode } from './policy-node.js';
import { PolicyTextError, type TextPosition } from './policy-text-error.js';

/** A value that must be text. @throws PolicyTextError */
export function textOf(node: PolicyNode, name: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  throw new PolicyTextError(node.at, `${name} must be a string`);
}

/** A value that must be a list of texts; none where there is no value. @throws PolicyTextError */
export function textsOf(node: PolicyNode | undefined, name: string): { text: string; at: TextPosition }[] {
  if (node === undefined) return [];
  if (node.kind !== 'list') throw new PolicyTextError(node.at, `${name} must be a list of strings`);
  return node.items.map((item) => ({ text: textOf(item, `each of ${name}`), at: item.at }));
}

const UNITS: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001, d: 86_400 };

/** Seconds: a whole number, or text such as `90`, `"1h30m"`. @throws PolicyTextError */
export function durationOf(node: PolicyNode, name: string): number {
  const value = node.kind === 'scalar' ? String(node.value).trim() : '';
  if (/^\d+$/.test(value)) return Number(value);
  const parts = [...value.matchAll(/(\d{1,20}(?:\.\d{1,20})?)(ms|[dhms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== value)
    throw new PolicyTextError(node.at, `${name} must be a duration`);
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 1), 0);
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** An instant as RFC 3339 writes it. @throws PolicyTextError */
export function instantOf(node: PolicyNode, name: string): Date {
  const text = textOf(node, name);
  const instant = new Date(text);
  if (!RFC_3339.test(text) || Number.isNaN(instant.getTime()))
    throw new PolicyTextError(node.at, `${name} must be a time as RFC 3339 writes it`);
  return instant;
}
