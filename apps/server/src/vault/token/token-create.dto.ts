import { Field, Rule } from '../wire/field.js';
import { MetadataField } from '../wire/metadata-field.js';

const TYPES = ['', 'service'];

/** A token to create (§9). */
export class CreateTokenFields {
  @Field.secret({
    description: 'The token itself, 22 to 255 visible characters; needs sudo. Drawn where absent.',
  })
  @Rule('strong', isStrongEnough, 'custom token ID must have 22 to 255 visible characters')
  @Rule('no-dot', (value) => !String(value).includes('.'), "custom token ID cannot have the '.' in the value")
  @Rule(
    'prefix',
    (value) => !String(value).startsWith('hvs.'),
    "custom token ID cannot have the 'hvs.' prefix",
  )
  id = '';

  @Field.commaList({ description: "Without any: the parent's." })
  policies: string[] = [];

  @MetadataField({ description: 'Shown by look-ups.' })
  meta: Record<string, string> = {};

  @Field.bool({ description: 'An orphan: needs sudo.', default: false })
  no_parent = false;

  @Field.bool({ default: false })
  no_default_policy = false;

  @Field.bool({ default: true })
  renewable = true;

  @Field.duration({ description: 'Seconds.', negative: 'ttl must be positive' })
  ttl = 0;

  @Field.duration({ description: 'The older name of ttl.', negative: 'lease must be positive' })
  lease = 0;

  @Field.string({ enum: TYPES })
  @Rule('type', (value) => TYPES.includes(value as string), "invalid 'type' value")
  @Rule('no-batch', (value) => value !== 'batch', 'batch tokens are not supported')
  type = '';

  @Field.duration({
    description: 'Seconds from issue that no renewal passes.',
    negative: 'explicit_max_ttl must be positive',
  })
  explicit_max_ttl = 0;

  @Field.string({ description: 'Stored as `token-<x>`.' })
  display_name = '';

  @Field.int({ description: 'Requests until it ends; 0: any number.' })
  @Rule('uses', (value) => (value as number) >= 0, 'number of uses cannot be negative')
  num_uses = 0;

  @Field.duration({
    description: 'Each renewal lasts this long, for ever; needs sudo.',
    negative: 'period must be positive',
  })
  period = 0;

  @Field.string({
    description: 'A user of `userpass/` whose token it becomes; only by a role that allows it.',
  })
  entity_alias = '';
}

/** By a role: it may be no more than the role allows. */
export class CreateRoleTokenFields extends CreateTokenFields {
  @Field.string({ description: 'In the path.' })
  role_name = '';
}

/** At least 128 bits, had each of them been drawn (S33). */
function isStrongEnough(value: unknown): boolean {
  return value === '' || /^[\x21-\x7e]{22,255}$/.test(String(value));
}
