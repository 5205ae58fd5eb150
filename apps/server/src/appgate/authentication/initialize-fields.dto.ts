import { Text } from '../validation/field.js';

/** Request of `POST /authentication/otp/initialize` (appgate.md §2.4). */
export class InitializeFields {
  @Text({ max: 1024, secret: true, description: 'Used only for RADIUS providers with useUserPassword.' })
  userPassword?: string;
}
