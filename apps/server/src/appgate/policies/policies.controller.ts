import { POLICIES } from '@sallyport/privileges';
import { collectionController } from '../collections/collection-controller.js';
import { PolicyAnswer, PolicyFields } from './policy.dto.js';
import { policyAnswer, policyValues } from './policy-wire.js';

/** `/policies` (appgate.md §5.4): how users get roles. */
export const PoliciesController = collectionController({
  collection: POLICIES,
  path: 'policies',
  tag: 'admin: roles and policies',
  noun: 'policy',
  plural: 'policies',
  listedBy: ['type', 'disabled'],
  fields: PolicyFields,
  answer: PolicyAnswer,
  read: policyValues,
  write: policyAnswer,
});
