import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { inAdministration } from '@sallyport/platform';
import { Observable } from 'rxjs';
import { ACCESS, type AccessStatement, isAdministration } from './access.js';

/** Runs the handlers of administration on their share of the database connections: sign-ins keep the rest (S92). */
@Injectable()
export class AdministrationInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const places = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<AccessStatement | undefined>(ACCESS, places);
    if (!isAdministration(access)) return next.handle();
    return new Observable((subscriber) => inAdministration(() => next.handle().subscribe(subscriber)));
  }
}
