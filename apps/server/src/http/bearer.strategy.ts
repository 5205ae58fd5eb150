import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-http-bearer';

/** All that passport gets to see of a request: one Authorization header, no query and no body (S85). */
export interface PresentedToken {
  headers: { authorization: string };
  request: FastifyRequest;
}

/** Asks the request's dialect who holds a bearer token. */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy, 'bearer') {
  constructor() {
    super({ passReqToCallback: true });
  }

  async validate(presented: PresentedToken, token: string): Promise<unknown> {
    const { request } = presented;
    return (await request.dialect.authenticate(token, request)) ?? false;
  }
}
