export { type DatabaseRoles, type DatabaseUrls, settleRoles } from './database-roles.js';
export { type GrantDifference, grantDifferences } from './grant-differences.js';
export { type RoleStanding, roleStanding } from './role-standing.js';
export { FUNCTION_GRANTS, SEQUENCE_GRANTS, TABLE_GRANTS } from './server-grants.js';
