/** What may be given on with the server: permissive licences only. Changing this list is a decision of the project's. */
const PRODUCTION = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Python-2.0',
];

/** What only builds and tests it may be under a licence that asks for more of whoever gives it on. */
const DEVELOPMENT = [...PRODUCTION, 'MPL-2.0'];

/** Packages whose licence stands in a text of theirs instead of package.json; read by a person, for this version. */
const READ_BY_HAND: Record<string, string> = {
  'pause@0.0.1': 'MIT',
};

export interface Licensed {
  name: string;
  version: string;
  production: boolean;
  licence: string | undefined;
}

export function readByHand(name: string, version: string): string | undefined {
  return READ_BY_HAND[`${name}@${version}`];
}

/** @returns a line for each package whose licence is not allowed where it is used. */
export function refusedLicences(packages: Licensed[]): string[] {
  return packages
    .filter(({ licence, production }) => !isAllowed(licence, production ? PRODUCTION : DEVELOPMENT))
    .map(
      ({ name, version, licence, production }) =>
        `${name}@${version} (${production ? 'production' : 'development'}): ${licence ?? 'no licence stated'}`,
    );
}

/** An SPDX expression of `OR`s and `AND`s: of alternatives one must be allowed, of what holds together each. */
function isAllowed(licence: string | undefined, allowed: string[]): boolean {
  if (licence === undefined) return false;
  return licence
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowed.includes(one)));
}
