import { isPlain, parseTemplate, TemplateError } from '@sallyport/identity';
import { type CapabilitySet, DENY, NOTHING, readCapability, readLegacyPolicy, unite } from './capability.js';
import { readParameters } from './parameter-block.js';
import { readPattern } from './path-pattern.js';
import { parsePolicyText } from './policy-grammar.js';
import type { PolicyKey, PolicyMember, PolicyNode } from './policy-node.js';
import type { PolicyRule } from './policy-rule.js';
import { PolicyTextError, type TextPosition } from './policy-text-error.js';
import { durationOf, instantOf, textOf, textsOf } from './policy-value.js';

/** UTF-16 units of a policy's text, blocks of a policy, and units of a path (S81). */
const MOST_TEXT = 262_144;
const MOST_PATHS = 2_000;
const MOST_PATH = 1_024;

/**
 * What a policy's text says (vault.md §12).
 * @throws PolicyTextError with line and column; a key nobody enforces is one (`mfa_methods`, `control_group`).
 */
export function readPolicy(text: string): PolicyRule[] {
  if (text.length > MOST_TEXT) throw new PolicyTextError({ line: 1, column: 1 }, 'the text is too long');
  if (/[\0\p{Cs}]/u.test(text))
    throw new PolicyTextError({ line: 1, column: 1 }, 'the text holds a character that cannot be kept');
  const document = parsePolicyText(text);
  const rules = document.kind === 'object' ? document.members.flatMap(readTopLevel) : [];
  if (rules.length > MOST_PATHS) throw new PolicyTextError(document.at, `more than ${MOST_PATHS} paths`);
  return rules;
}

function readTopLevel({ keys: [key, ...rest], value }: PolicyMember): PolicyRule[] {
  if (key?.text === 'path') return blocksOf(rest, value).map(([path, block]) => readBlock(path, block));
  if (key?.text !== 'name' || rest.length > 0)
    throw new PolicyTextError(key?.at ?? value.at, `invalid key ${JSON.stringify(key?.text ?? '')}`);
  textOf(value, 'name');
  return [];
}

/** `path "x" { … }`, and as JSON has it: an object of paths, or a list of such objects; a path's blocks may be a list too. */
function blocksOf(keys: PolicyKey[], value: PolicyNode): [PolicyKey, PolicyNode][] {
  if (keys.length > 1) throw new PolicyTextError(keys[1]!.at, 'a path has one name');
  if (value.kind === 'list') return value.items.flatMap((item) => blocksOf(keys, item));
  if (value.kind !== 'object') throw new PolicyTextError(value.at, 'expected a block');
  const [path] = keys;
  if (path !== undefined) return [[path, value]];
  return value.members.flatMap((member) => blocksOf(member.keys, member.value));
}

type Fields = Map<string, PolicyNode>;

const KEYS = new Set([
  'capabilities',
  'policy',
  'allowed_parameters',
  'denied_parameters',
  'required_parameters',
  'min_wrapping_ttl',
  'max_wrapping_ttl',
  'comment',
  'expiration',
]);

function readBlock(key: PolicyKey, block: PolicyNode): PolicyRule {
  const fields = fieldsOf(key, block);
  if (fields.has('comment')) textOf(fields.get('comment')!, 'comment');
  const expiration = fields.get('expiration');
  const capabilities = capabilitiesOf(key, fields);
  return {
    ...readPath(key),
    capabilities,
    parameters: capabilities === DENY ? null : readParameters(fields),
    wrapped: isWrapped(key, fields),
    expiresAt: expiration === undefined ? null : instantOf(expiration, 'expiration'),
  };
}

function fieldsOf(path: PolicyKey, block: PolicyNode): Fields {
  const fields: Fields = new Map();
  for (const { keys, value } of block.kind === 'object' ? block.members : []) {
    const [key] = keys;
    if (key === undefined || keys.length > 1 || !KEYS.has(key.text))
      throw fault(path, key?.at ?? value.at, `invalid key ${JSON.stringify(key?.text ?? '')}`);
    if (fields.has(key.text)) throw fault(path, key.at, `${key.text} is given twice`);
    fields.set(key.text, value);
  }
  return fields;
}

function readPath({ text, at }: PolicyKey): Pick<PolicyRule, 'path' | 'pattern' | 'template'> {
  const path = text.startsWith('/') ? text.slice(1) : text;
  const key = { text, at };
  if (path.length > MOST_PATH) throw new PolicyTextError(at, 'a path is too long');
  if (path.includes('+*')) throw fault(key, at, "invalid use of wildcards ('+*' is forbidden)");
  try {
    const template = parseTemplate(path);
    return isPlain(template)
      ? { path, pattern: readPattern(path), template: null }
      : { path, pattern: null, template };
  } catch (error) {
    if (error instanceof TemplateError) throw fault(key, at, error.message);
    throw error;
  }
}

function capabilitiesOf(path: PolicyKey, fields: Fields): CapabilitySet {
  let set = NOTHING;
  const legacy = fields.get('policy');
  if (legacy !== undefined) {
    const word = textOf(legacy, 'policy');
    const read = readLegacyPolicy(word);
    if (read === null) throw fault(path, legacy.at, `invalid policy '${word}'`);
    set = unite(set, read);
  }
  for (const { text, at } of textsOf(fields.get('capabilities'), 'capabilities')) {
    const read = readCapability(text);
    if (read === null) throw fault(path, at, `invalid capability '${text}'`);
    set = unite(set, read);
  }
  return set;
}

function isWrapped(path: PolicyKey, fields: Fields): boolean {
  const [min, max] = ['min_wrapping_ttl', 'max_wrapping_ttl'].map((name) => {
    const node = fields.get(name);
    return node === undefined ? 0 : durationOf(node, name);
  }) as [number, number];
  if (max !== 0 && max < min)
    throw fault(path, path.at, 'max_wrapping_ttl cannot be less than min_wrapping_ttl');
  return min > 0 || max > 0;
}

function fault(path: PolicyKey, at: TextPosition, why: string): PolicyTextError {
  return new PolicyTextError(at, `path ${JSON.stringify(path.text)}: ${why}`);
}
