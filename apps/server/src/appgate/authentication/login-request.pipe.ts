import { Injectable, type PipeTransform } from '@nestjs/common';
import { IdentityProvidersService } from '@sallyport/identity';
import { storableText } from '@sallyport/platform';
import { signInTypeOf } from '../identity-providers/sign-in-type.js';
import { readFields } from '../validation/read-fields.js';
import { LoginRequest, PasswordLoginRequest } from './login-request.dto.js';

/** `@Body(LoginRequestPipe) fields: LoginRequest`: username and password are required unless the provider takes none (appgate.md §2.3). */
@Injectable()
export class LoginRequestPipe implements PipeTransform<Record<string, unknown>, Promise<LoginRequest>> {
  constructor(private readonly providers: IdentityProvidersService) {}

  async transform(body: Record<string, unknown>): Promise<LoginRequest> {
    return readFields((await this.takesNone(body)) ? LoginRequest : PasswordLoginRequest, body);
  }

  /** One nobody knows takes a password. */
  private async takesNone({ providerName, username, password }: Record<string, unknown>): Promise<boolean> {
    if (typeof providerName !== 'string' || ((username ?? null) !== null && (password ?? null) !== null))
      return false;
    const provider = await this.providers.findByExactName(storableText(providerName));
    return provider !== null && signInTypeOf(provider.type) !== 'Credentials';
  }
}
