import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';

/** A user of the built-in service provider; it cannot sign in here (contract appgate.md §5.2). */
@Entity('service_users')
export class ServiceUser extends NamedRow {
  @Column('jsonb')
  labels!: Record<string, string>;

  /** Argon2id in PHC form (S04). */
  @Column('text', { name: 'password_hash', select: false })
  passwordHash!: string;

  @Column('boolean')
  disabled!: boolean;

  @Column('integer', { name: 'failed_login_attempts' })
  failedLoginAttempts!: number;

  @Column('timestamptz', { name: 'lock_start', nullable: true })
  lockStart!: Date | null;
}
