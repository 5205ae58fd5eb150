import { DomainError } from '@sallyport/platform';

/** A login of one of the persons of a merge. */
export interface MergedLogin {
  id: string;
  principalId: string;
  providerId: string;
  accessor: string;
}

/** Logins that go to the one who stays, and logins that end. */
export interface LoginPlan {
  moved: MergedLogin[];
  dropped: MergedLogin[];
}

/**
 * Decides about the logins of a merge: a person has one login at a mount (contract vault.md §1.2), so of two one must be named in
 * `keepIds`. Without any named one, all clashes are told at once.
 * @throws DomainError `invalid` codes `merge-from-several`, `merge-alias-clash` (detail `bullets`), `merge-alias-undecided`.
 */
export function planLogins(
  logins: readonly MergedLogin[],
  toId: string,
  keepIds: readonly string[],
): LoginPlan {
  const own = logins.filter(({ principalId }) => principalId === toId);
  const others = logins.filter(({ principalId }) => principalId !== toId);
  mustBeOfOne(others);
  const clashes = others.flatMap((theirs) => {
    const mine = own.find(({ providerId }) => providerId === theirs.providerId);
    return mine === undefined ? [] : [{ mine, theirs }];
  });
  if (clashes.length > 0 && keepIds.length === 0) throw clash(clashes, toId);
  const dropped = clashes.map(({ mine, theirs }) => {
    if (keepIds.includes(mine.id)) return theirs;
    if (keepIds.includes(theirs.id)) return mine;
    throw new DomainError(
      'invalid',
      'merge-alias-undecided',
      'conflicting mount accessors in following alias IDs and neither were present in conflicting_alias_ids_to_keep: ' +
        `${theirs.id}, ${mine.id}`,
    );
  });
  return { dropped, moved: others.filter((login) => !dropped.includes(login)) };
}

function mustBeOfOne(others: readonly MergedLogin[]): void {
  const twice = others.find(({ providerId, principalId }) =>
    others.some((other) => other.providerId === providerId && other.principalId !== principalId),
  );
  if (twice !== undefined)
    throw new DomainError(
      'invalid',
      'merge-from-several',
      `mount accessor ${twice.accessor} found in multiple fromEntities, merge should be done with one fromEntity at a time`,
    );
}

function clash(clashes: readonly { mine: MergedLogin; theirs: MergedLogin }[], toId: string): DomainError {
  const bullets = [
    'toEntity and at least one fromEntity have aliases with the same mount accessor, repeat the merge request specifying exactly one fromEntity, clashes: ',
    ...clashes.map(
      ({ mine, theirs }) =>
        `mountAccessor: ${mine.accessor}, toEntity ID: ${toId}, fromEntity ID: ${theirs.principalId}, ` +
        `conflicting toEntity alias ID: ${mine.id}, conflicting fromEntity alias ID: ${theirs.id}`,
    ),
  ];
  return new DomainError('invalid', 'merge-alias-clash', 'Two aliases are of one mount.', { bullets });
}
