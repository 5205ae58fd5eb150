import findMyWay, { type HTTPMethod } from 'find-my-way';
import { urlPath } from './url-path.js';

export interface RegisteredRoute {
  method: string;
  path: string;
}

/** How paths are matched, here and in Fastify. No route has a regular expression, so long parameters are harmless. */
export const ROUTER_OPTIONS = { ignoreTrailingSlash: true, caseSensitive: true, maxParamLength: 16 * 1024 };

/** Every route registered with the server; knows which methods a path answers to. */
export class RouteTable {
  readonly routes: RegisteredRoute[] = [];
  private readonly router = findMyWay(ROUTER_OPTIONS);

  add(methods: string | string[], path: string): void {
    for (const method of [methods].flat()) {
      this.routes.push({ method, path });
      this.router.on(method as HTTPMethod, path, () => undefined, path);
    }
  }

  /**
   * Methods of the routes that match this URL, sorted; the list operation is called LIST.
   * @param counts tells by its path whether a route counts.
   */
  allowed(url: string, counts: (path: string) => boolean): string[] {
    const path = urlPath(url);
    const methods = [...new Set(this.routes.map(({ method }) => method))];
    const matching = methods.filter((method) => {
      const found = this.router.find(method as HTTPMethod, path);
      return found !== null && counts(found.store as string);
    });
    return matching.map((method) => (method === 'SEARCH' ? 'LIST' : method)).sort();
  }
}
