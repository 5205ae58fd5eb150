import { SERVICE_USERS, ServiceUsersService } from '@sallyport/privileges';
import { collectionController } from '../collections/collection-controller.js';
import { NewServiceUserFields, ServiceUserAnswer, ServiceUserFields } from './service-user.dto.js';
import { serviceUserAnswer, serviceUserInput } from './service-user-wire.js';

/** `/service-users` (appgate.md §5.2): users of the built-in service provider, who cannot sign in here. */
export const ServiceUsersController = collectionController({
  collection: SERVICE_USERS,
  path: 'service-users',
  tag: 'admin: service users',
  noun: 'service user',
  plural: 'service users',
  listedBy: ['disabled'],
  fields: ServiceUserFields,
  newFields: NewServiceUserFields,
  answer: ServiceUserAnswer,
  read: serviceUserInput,
  write: serviceUserAnswer,
  writer: ServiceUsersService,
});
