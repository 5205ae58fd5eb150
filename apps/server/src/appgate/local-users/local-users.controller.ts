import { LOCAL_USERS, LocalUserAdministration } from '@sallyport/privileges';
import { collectionController } from '../collections/collection-controller.js';
import { LocalUserAnswer, LocalUserFields, NewLocalUserFields } from './local-user.dto.js';
import { localUserAnswer, localUserInput } from './local-user-wire.js';

/** `/local-users` (appgate.md §5.1): users of the provider `local`. */
export const LocalUsersController = collectionController({
  collection: LOCAL_USERS,
  path: 'local-users',
  tag: 'admin: local users',
  noun: 'local user',
  plural: 'local users',
  listedBy: ['disabled', 'firstName', 'lastName', 'email'],
  fields: LocalUserFields,
  newFields: NewLocalUserFields,
  answer: LocalUserAnswer,
  read: localUserInput,
  write: localUserAnswer,
  writer: LocalUserAdministration,
  createRefuses: 429,
});
