import { Field, Required } from '../wire/field.js';
import { VendorMethodFields } from './vendor-method.dto.js';

/** An Okta method (§5.3): what is required is judged in this order. */
export class OktaMethodFields extends VendorMethodFields {
  @Field.string({ description: 'Required.', example: 'example' })
  @Required('org_name must be set')
  org_name = '';

  @Field.secret({ description: 'Required; sealed, never shown.' })
  @Required('api_token must be set')
  api_token = '';

  @Field.string({
    description:
      'The server calls `https://<org_name>.<base_url>`, and only where SALLYPORT_OUTGOING_ALLOW lists it; `okta.com` unless set.',
    example: 'okta.com',
  })
  base_url?: string;

  @Field.bool({
    description: 'Deprecated: false stands for `oktapreview.com`; `base_url` counts where both came.',
  })
  production?: boolean;

  @Field.bool({ default: false, description: 'People are found by their e-mail address, not their login.' })
  primary_email = false;
}
