import { type WalkedRoute, walkRoutes } from '../../apps/server/src/http/route-walk.js';
import { ACCEPT, type AppgateClient } from '../support/appgate-client.js';
import { type Answer, send } from '../support/send.js';
import { DEFAULT_METHOD, type Player, Stage } from '../support/stage.js';

/** `POST /admin/login`, as the committed lists name a route. */
export function named({ method, path }: WalkedRoute): string {
  return `${method} ${path}`;
}

/** One server with one user, and a way to call each of its routes. */
export class RouteWalker {
  private constructor(
    readonly stage: Stage,
    readonly routes: WalkedRoute[],
    readonly player: Player,
    readonly admin: AppgateClient,
    readonly localUserId: string,
  ) {}

  static async open(): Promise<RouteWalker> {
    const stage = await Stage.open(1);
    const player = await stage.addPlayer('walker');
    const admin = await stage.administrator();
    const localUserId = (await admin.get('/local-users?query=walker')).body.data[0].id;
    return new RouteWalker(stage, walkRoutes(stage.first.app), player, admin, localUserId);
  }

  /** A real path for a route. */
  fill(path: string): string {
    return path
      .replace(':userDN', 'CN=walker,OU=local')
      .replace(':asset', 'swagger-ui.css')
      .replace(':role_name', 'no-such-role')
      .replace(':path', 'userpass')
      .replace(':mount', 'userpass')
      .replace(':username', 'walker')
      .replace(':type', 'totp')
      .replace(':method_id', DEFAULT_METHOD)
      .replace(/name\/:name/, 'name/nobody')
      .replace(':name', 'no-such-enforcement')
      .replace(':id', path.startsWith('/v1') ? this.player.entityId : this.localUserId);
  }

  call(
    route: WalkedRoute,
    headers: Record<string, string | undefined> = {},
    path = this.fill(route.path),
  ): Promise<Answer> {
    const method = route.method === 'SEARCH' ? 'LIST' : route.method;
    const body = ['POST', 'PUT'].includes(method) ? {} : undefined;
    const url = `${this.stage.first.url}${path}`;
    return send({ method, url, headers: { accept: ACCEPT, ...headers }, body });
  }
}
