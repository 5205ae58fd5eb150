import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GlobalSettingsService, type IdentityProvider, IdentityProvidersService } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { PeerCall } from '../openapi/answers.js';
import { type ProviderName, ProviderNamesAnswer } from './provider-names.dto.js';
import { signInTypeOf } from './sign-in-type.js';

/** `/identity-providers/names`: where an administrator may sign in (appgate.md §2.2). */
@ApiTags('admin: sign-in')
@PeerCall()
@Controller('admin/identity-providers/names')
export class ProviderNamesController {
  constructor(
    private readonly providers: IdentityProvidersService,
    private readonly settings: GlobalSettingsService,
  ) {}

  @Get()
  @Access({ kind: 'open' })
  @ApiOperation({ summary: 'Identity providers for signing in', operationId: 'listProviderNames' })
  @ApiOkResponse({ type: ProviderNamesAnswer })
  async list(): Promise<ProviderNamesAnswer> {
    const providers = await this.providers.adminProviders();
    const { loginBannerMessage: bannerMessage } = await this.settings.get();
    return {
      data: providers.map(providerName),
      ...(bannerMessage !== undefined && { bannerMessage }),
    };
  }
}

/** What a client must know to sign in there (appgate.md §2.2). */
function providerName({ name, type, settings }: IdentityProvider): ProviderName {
  const shown = {
    name,
    displayName: name,
    type: signInTypeOf(type),
    certificatePriorities: [],
  };
  const text = (setting: string) => settings[setting] as string | undefined;
  if (type === 'Saml') return { ...shown, redirectUrl: text('redirectUrl') };
  if (type === 'Oidc') return { ...shown, clientId: text('audience'), scope: text('scope') ?? DEFAULT_SCOPE };
  const certificatePriorities = (settings['certificatePriorities'] as object[] | undefined) ?? [];
  return type === 'LdapCertificate' ? { ...shown, certificatePriorities } : shown;
}

const DEFAULT_SCOPE = 'openid profile email offline_access';
