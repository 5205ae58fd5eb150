import { Text } from '../validation/field.js';

/** Request of `POST /authentication/otp` (appgate.md §2.5). Nothing is trimmed. */
export class OtpFields {
  @Text({ required: true, secret: true, description: 'The code.', example: '492039' })
  otp!: string;

  @Text({
    emptyIsAbsent: true,
    secret: true,
    description: 'Base64; must equal the state that was issued, if one was.',
  })
  state?: string;
}
