import type { AdmissionRule } from '@sallyport/auth';
import { DomainError } from '@sallyport/platform';
import { type AclCapability, CAPABILITIES, pairOf } from '@sallyport/privileges';
import type { OriginalRequest } from './original-request.js';

/** What each parameter of the rule says. */
export const RULE_PARAMETERS = {
  privilege: 'Of a token of `/admin`: `<type>:<target>`. Without a scope it must reach every object.',
  scope_id: 'The object the privilege must reach, by its id.',
  scope_tag: 'The object the privilege must reach, by a tag.',
  path: 'Of a token of `/v1`: a path as ACL policies name it, without a leading slash.',
  capability: 'What must be given on the path; `read` where it is left out.',
  under:
    'Instead of a path: the path of the original request below this one, and the capability its method needs.',
  aal: 'The lowest assurance level.',
} as const;

export type RuleParameters = Partial<Record<keyof typeof RULE_PARAMETERS, string>>;

/**
 * Reads the rule of a door. A parameter that is unknown, given twice or not understood is refused: a rule that is misspelt must not be
 * one that lets everybody in (S81).
 * @param original tells of the request the proxy holds, where the rule is about it. @throws DomainError `invalid`, `forbidden`.
 */
export function readRule(
  query: Readonly<Record<string, unknown>>,
  original: () => OriginalRequest,
): AdmissionRule {
  const { privilege, scope_id, scope_tag, path, capability, under, aal = '1' } = parametersOf(query);
  if (privilege === undefined && (scope_id ?? scope_tag) !== undefined)
    throw wrong('A scope needs a privilege.');
  if (path === undefined && capability !== undefined) throw wrong('A capability needs a path.');
  if (path !== undefined && under !== undefined) throw wrong('One of path and under.');
  if (aal !== '1' && aal !== '2') throw wrong('aal is 1 or 2.');
  return {
    privilege:
      privilege === undefined ? null : { ...pairIn(privilege), object: objectOf(scope_id, scope_tag) },
    path: pathRule({ path, capability, under }, original),
    assurance: aal === '2' ? 2 : 1,
  };
}

function parametersOf(query: Readonly<Record<string, unknown>>): RuleParameters {
  for (const [name, value] of Object.entries(query)) {
    if (!Object.hasOwn(RULE_PARAMETERS, name)) throw wrong('There is an unknown parameter.');
    if (typeof value !== 'string' || value === '') throw wrong(`${name} is given once, with a value.`);
  }
  return query;
}

function pairIn(privilege: string): { type: string; target: string } {
  const [type = '', target = '', ...more] = privilege.split(':');
  if (more.length > 0 || pairOf(type, target) === undefined) throw wrong('There is no such privilege.');
  return { type, target };
}

function objectOf(id: string | undefined, tag: string | undefined) {
  if (id === undefined && tag === undefined) return null;
  return { id: id ?? '', tags: tag === undefined ? [] : [tag] };
}

function pathRule(
  { path, capability = 'read', under }: Pick<RuleParameters, 'path' | 'capability' | 'under'>,
  original: () => OriginalRequest,
): AdmissionRule['path'] {
  if (path !== undefined) return { path: plain(path), capability: capabilityIn(capability) };
  if (under === undefined) return null;
  const below = plain(under).replace(/\/$/, '');
  const { path: rest, capability: needed } = original();
  return { path: `${below}/${rest}`, capability: needed };
}

function plain(path: string): string {
  const isOdd = path.startsWith('/') || path.includes('//') || /(^|\/)\.{1,2}(\/|$)|\p{Cc}/u.test(path);
  if (isOdd) throw wrong('A path has no leading slash, no empty parts and no dots for parts.');
  return path;
}

function capabilityIn(word: string): AclCapability {
  const capability = CAPABILITIES.find((one) => one === word);
  if (capability === undefined) throw wrong('There is no such capability.');
  return capability;
}

function wrong(message: string): DomainError {
  return new DomainError('invalid', 'rule', message);
}
