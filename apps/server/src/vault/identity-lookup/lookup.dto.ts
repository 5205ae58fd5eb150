import { Field } from '../wire/field.js';

/** One way to point at an entity or a group: `name`, `id`, `alias_id`, or `alias_name` with `alias_mount_accessor`. */
export class LookupFields {
  @Field.string()
  name?: string;

  @Field.string()
  id?: string;

  @Field.string()
  alias_id?: string;

  @Field.string({ description: 'Together with `alias_mount_accessor`.' })
  alias_name?: string;

  @Field.string({ description: 'Together with `alias_name`.' })
  alias_mount_accessor?: string;
}
