import { Injectable, type PipeTransform } from '@nestjs/common';
import { parseUserDn, type UserName } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';

/** `@Param('userDN', UserDnPipe) user: UserName`: a text that is no user DN names nothing. */
@Injectable()
export class UserDnPipe implements PipeTransform<string, UserName> {
  transform(dn: string): UserName {
    const user = parseUserDn(dn);
    if (!user) throw new DomainError('not-found', 'no-user-dn', 'The text is not the name of a user.');
    return user;
  }
}
