import { Field, Required } from '../wire/field.js';
import { VendorMethodFields } from './vendor-method.dto.js';

/** A Duo method (§5.3): what is required is judged in this order. */
export class DuoMethodFields extends VendorMethodFields {
  @Field.secret({ description: 'Required; sealed, never shown.' })
  @Required('secret_key is empty')
  secret_key = '';

  @Field.secret({ description: 'Required; sealed, never shown.' })
  @Required('integration_key is empty')
  integration_key = '';

  @Field.string({
    description:
      'Required; the server calls it only where SALLYPORT_OUTGOING_ALLOW lists `https://<api_hostname>`.',
    example: 'api-1b9f2c3d.duosecurity.com',
  })
  @Required('api_hostname is empty')
  api_hostname = '';

  @Field.string({ default: '', description: 'URL-encoded pairs that the push shows.', example: 'from=vault' })
  push_info = '';

  @Field.bool({
    default: false,
    description: 'Clients are told to ask for a passcode; without one a push is sent.',
  })
  use_passcode = false;
}
