import { ROLES, roleValues } from '@sallyport/privileges';
import { collectionController } from '../collections/collection-controller.js';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { privilegeAnswer } from '../wire/privilege-answer.js';
import { AdministrativeRoleAnswer, AdministrativeRoleFields } from './administrative-role.dto.js';

/** `/administrative-roles` (appgate.md §3.7). */
export const AdministrativeRolesController = collectionController({
  collection: ROLES,
  path: 'administrative-roles',
  tag: 'admin: roles and policies',
  noun: 'administrative role',
  plural: 'administrative roles',
  fields: AdministrativeRoleFields,
  answer: AdministrativeRoleAnswer,
  read: roleValues,
  write: (role, version): AdministrativeRoleAnswer => ({
    ...namedObjectAnswer(role),
    privileges: role.privileges.map((privilege) => privilegeAnswer(privilege, version)),
  }),
});
