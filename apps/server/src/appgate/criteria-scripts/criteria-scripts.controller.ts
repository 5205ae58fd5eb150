import { CRITERIA_SCRIPTS } from '@sallyport/privileges';
import { collectionController } from '../collections/collection-controller.js';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { CriteriaScriptAnswer, CriteriaScriptFields } from './criteria-script.dto.js';

/** `/criteria-scripts` (appgate.md §6.1). */
export const CriteriaScriptsController = collectionController({
  collection: CRITERIA_SCRIPTS,
  path: 'criteria-scripts',
  tag: 'admin: scripts',
  noun: 'criteria script',
  plural: 'criteria scripts',
  fields: CriteriaScriptFields,
  answer: CriteriaScriptAnswer,
  read: (fields) => fields,
  write: (script): CriteriaScriptAnswer => ({ ...namedObjectAnswer(script), expression: script.expression }),
});
