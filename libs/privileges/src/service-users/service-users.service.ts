import { Injectable } from '@nestjs/common';
import { IdentityProvidersService, NewCredential, ServiceUser } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import { type Collection, ObjectsService, type ObjectValues, type Writer } from '../objects/index.js';

export const SERVICE_USERS: Collection<ServiceUser> = {
  entity: ServiceUser,
  target: 'ServiceUser',
  noun: 'service-user',
  fields: { disabled: { order: 'disabled', filter: 'disabled::text' } },
};

/** A service user as `/admin` writes it. */
export interface ServiceUserInput extends Omit<ObjectValues<ServiceUser>, 'passwordHash'> {
  password?: string;
}

/** Writes service users: the rules of names and passwords are those of local users (contract appgate.md §5.2). */
@Injectable()
export class ServiceUsersService {
  constructor(
    private readonly objects: ObjectsService,
    private readonly providers: IdentityProvidersService,
    private readonly credential: NewCredential,
  ) {}

  /** A new one needs a password. @throws DomainError as `ObjectsService.create`; `invalid` on `password`; `unavailable` (hash queue). */
  async create({ password, ...values }: ServiceUserInput, writer: Writer): Promise<ServiceUser> {
    if (password === undefined) throw DomainError.invalid('password', 'may not be null');
    const passwordHash = await this.hash(password, values.name);
    return this.objects.create(SERVICE_USERS, { ...values, passwordHash }, writer);
  }

  /** Replaces a service user whole; an absent password stays. @throws DomainError as `ObjectsService.replace`. */
  async replace(id: string, { password, ...values }: ServiceUserInput, writer: Writer): Promise<ServiceUser> {
    const kept = values as ObjectValues<ServiceUser>;
    if (password === undefined) return this.objects.replace(SERVICE_USERS, id, kept, writer);
    await this.objects.mustMayReplace(SERVICE_USERS, id, { ...kept, passwordHash: '' }, writer);
    const passwordHash = await this.hash(password, values.name);
    return this.objects.replace(SERVICE_USERS, id, { ...kept, passwordHash }, writer);
  }

  private async hash(password: string, name: string): Promise<string> {
    return this.credential.hash(password, name, await this.providers.service());
  }
}
