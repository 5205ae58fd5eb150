export { canonicalName, isReservedName } from './canonical-name.js';
export { nameProblem, type NameKind } from './name-problem.js';
export {
  deviceDn,
  parseDeviceDn,
  parseUserDn,
  userDn,
  type DeviceAndUserName,
  type UserName,
} from './distinguished-name.js';
