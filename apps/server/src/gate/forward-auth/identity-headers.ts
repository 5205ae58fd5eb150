import type { HeldRights, LiveToken } from '@sallyport/auth';
import { userDn } from '@sallyport/identity';
import { headerList, headerText } from '../wire/header-text.js';

/** What each header says; all of them are in every answer that lets somebody in, so that none of a client's can take its place. */
export const IDENTITY_HEADERS = {
  'X-Sallyport-User': 'Name the user signs in with.',
  'X-Sallyport-Provider': 'Identity provider of the user.',
  'X-Sallyport-DN': '`CN=<user>,OU=<provider>`.',
  'X-Sallyport-Entity': 'Id of the person, the same for all logins of one.',
  'X-Sallyport-Roles': 'Administrative roles of a token of `/admin`, separated by commas.',
  'X-Sallyport-Policies': 'ACL policies of a token of `/v1`, separated by commas.',
  'X-Sallyport-AAL': 'Assurance level: `1` a password, `2` a password and a second factor.',
  'X-Sallyport-Expires': 'End of the token, RFC 3339.',
  'X-Sallyport-Accessor': 'Names the token in the audit, and opens nothing.',
} as const;

/** Who passes, as headers for what stands behind the door; `-` for what there is none of. */
export function identityHeaders(
  { token, user }: LiveToken,
  { roles, policies }: HeldRights,
): Record<keyof typeof IDENTITY_HEADERS, string> {
  const provider = user && user.providerName;
  return {
    'X-Sallyport-User': headerText(user && user.name),
    'X-Sallyport-Provider': headerText(provider),
    'X-Sallyport-DN': headerText(user && provider && userDn(user.name, provider)),
    'X-Sallyport-Entity': headerText(token.principalId),
    'X-Sallyport-Roles': headerList(roles),
    'X-Sallyport-Policies': headerList(policies),
    'X-Sallyport-AAL': String(token.assuranceLevel),
    'X-Sallyport-Expires': headerText(token.expiresAt?.toISOString() ?? null),
    'X-Sallyport-Accessor': headerText(token.accessor),
  };
}
