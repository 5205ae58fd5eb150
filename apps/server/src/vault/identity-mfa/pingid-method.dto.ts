import { Field, Required } from '../wire/field.js';
import { VendorMethodFields } from './vendor-method.dto.js';

/** A PingID method (§5.3). */
export class PingidMethodFields extends VendorMethodFields {
  @Field.secret({
    description: "Required: PingID's settings file in base64. Its key and token are sealed, never shown.",
  })
  @Required('settings_file_base64 is empty')
  settings_file_base64 = '';
}
