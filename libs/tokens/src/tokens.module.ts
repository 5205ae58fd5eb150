import { Module } from '@nestjs/common';
import { OtherTokensService } from './other-tokens.service.js';
import { TokenRolesService } from './roles/token-roles.service.js';
import { TokenDirectoryService } from './token-directory.service.js';
import { TokenRenewalService } from './token-renewal.service.js';
import { TokenRevocationService } from './token-revocation.service.js';
import { TokenSweeperService } from './token-sweeper.service.js';
import { TokensService } from './tokens.service.js';

const services = [
  TokensService,
  TokenDirectoryService,
  OtherTokensService,
  TokenRenewalService,
  TokenRevocationService,
  TokenRolesService,
];

/** Issue, look up, renew, revoke. */
@Module({ providers: [...services, TokenSweeperService], exports: services })
export class TokensModule {}
