import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdentityProvidersService } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { PeerCall } from '../openapi/answers.js';
import { ProviderNamesAnswer } from './provider-names.dto.js';

/** `/identity-providers/names`: where an administrator may sign in (appgate.md §2.2). */
@ApiTags('admin: sign-in')
@PeerCall()
@Controller('admin/identity-providers/names')
export class ProviderNamesController {
  constructor(private readonly providers: IdentityProvidersService) {}

  @Get()
  @Access({ kind: 'open' })
  @ApiOperation({ summary: 'Identity providers for signing in', operationId: 'listProviderNames' })
  @ApiOkResponse({ type: ProviderNamesAnswer })
  async list(): Promise<ProviderNamesAnswer> {
    const providers = await this.providers.adminProviders();
    return {
      data: providers.map(({ name }) => ({
        name,
        displayName: name,
        type: 'Credentials',
        certificatePriorities: [],
      })),
    };
  }
}
