import { ApiProperty } from '@nestjs/swagger';
import { Field } from '../wire/field.js';

const TEXT = {
  description: 'HCL, or the same as JSON; may be base64.',
  example: 'path "auth/userpass/users/*" { capabilities = ["read", "list"] }',
};

export class PolicyNameFields {
  @Field.string()
  name!: string;
}

export class AclPolicyFields {
  @Field.string()
  name!: string;

  @Field.string(TEXT)
  policy?: string;
}

export class OlderPolicyFields extends AclPolicyFields {
  @Field.string({ description: 'The older name of policy.' })
  rules?: string;
}

export class PolicyView {
  @ApiProperty({ example: 'operators' })
  name!: string;

  @ApiProperty({ example: TEXT.example })
  policy!: string;
}

export class OlderPolicyView {
  @ApiProperty({ example: 'operators' })
  name!: string;

  @ApiProperty({ example: TEXT.example })
  rules!: string;
}

export class PolicyNamesView {
  @ApiProperty({ type: [String], example: ['default', 'operators', 'root'] })
  keys!: string[];
}

export class OlderPolicyNamesView extends PolicyNamesView {
  @ApiProperty({ type: [String], example: ['default', 'operators', 'root'] })
  policies!: string[];
}
