import { Module } from '@nestjs/common';
import { TokensService } from './tokens.service.js';

/** Issue, look up, renew, revoke. */
@Module({ providers: [TokensService], exports: [TokensService] })
export class TokensModule {}
