import { Module } from '@nestjs/common';
import { AuthModule } from '@sallyport/auth';
import { ForwardAuthController } from './forward-auth/forward-auth.controller.js';
import { ForwardAuthDialect } from './forward-auth/forward-auth.dialect.js';
import { OauthDialect } from './oauth/oauth.dialect.js';
import { TokensOfOthersController } from './oauth/tokens-of-others.controller.js';

/** What others ask about tokens: proxies that hold a request, and services that were shown one. */
@Module({
  imports: [AuthModule],
  controllers: [ForwardAuthController, TokensOfOthersController],
  providers: [ForwardAuthDialect, OauthDialect],
  exports: [ForwardAuthDialect, OauthDialect],
})
export class GateModule {}
