import { Field, Required } from '../wire/field.js';

/** A login: whatever else clients send is tolerated (§8). */
export class LoginFields {
  @Field.string()
  username!: string;

  @Field.secret({ required: true, example: 'correct horse battery staple' })
  @Required('missing password')
  password!: string;
}
