import { USER_SCRIPTS } from '@sallyport/privileges';
import { collectionController } from '../collections/collection-controller.js';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { UserScriptAnswer, UserScriptFields } from './user-script.dto.js';

/** `/user-scripts` (appgate.md §6.1). */
export const UserScriptsController = collectionController({
  collection: USER_SCRIPTS,
  path: 'user-scripts',
  tag: 'admin: scripts',
  noun: 'user script',
  plural: 'user scripts',
  fields: UserScriptFields,
  answer: UserScriptAnswer,
  read: (fields) => fields,
  write: (script): UserScriptAnswer => ({ ...namedObjectAnswer(script), expression: script.expression }),
});
