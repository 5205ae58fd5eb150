import { ApiProperty } from '@nestjs/swagger';
import { Field } from '../wire/field.js';

export class PathsFields {
  @Field.commaList({ description: 'Paths without the leading `/v1/`; at most 1000.' })
  paths?: string[];

  @Field.commaList({ description: 'The older name of paths, which the Go client sends.' })
  path?: string[];
}

export class TokenPathsFields extends PathsFields {
  @Field.secret({ required: true })
  token?: string;
}

export class AccessorPathsFields extends PathsFields {
  @Field.string({ required: true })
  accessor?: string;
}

/** One list for each path, under its name; `capabilities` where only one was asked about. */
export class CapabilitiesView {
  @ApiProperty({ type: [String], example: ['read', 'update'] })
  capabilities!: string[];
}
