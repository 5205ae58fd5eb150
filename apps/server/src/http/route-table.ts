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
  private readonly rivalry = new Map<string, boolean>();

  add(methods: string | string[], path: string): void {
    for (const method of [methods].flat()) {
      this.routes.push({ method, path });
      this.router.on(method as HTTPMethod, path, () => undefined, path);
    }
  }

  /**
   * Methods of the routes that match this URL, sorted; the list operation is called LIST.
   * @param counts tells by its path whether a route counts. @param literalWins those of the most literal path alone.
   */
  allowed(url: string, counts: (path: string) => boolean, literalWins: boolean): string[] {
    const matching = this.matching(url).filter(({ path }) => counts(path));
    const kept = matching.filter(({ path }) => !literalWins || !matching.some(isMoreLiteralThan(path)));
    return kept.map(({ method }) => (method === 'SEARCH' ? 'LIST' : method)).sort();
  }

  /** Whether a route of another method matches this URL by a more literal path than this one's. */
  isOutdone(url: string, path: string): boolean {
    return this.hasRival(path) && this.matching(url).some(isMoreLiteralThan(path));
  }

  /** Few paths have one, which is found out once. */
  private hasRival(path: string): boolean {
    const known = this.rivalry.get(path);
    if (known !== undefined) return known;
    const isRival = isMoreLiteralThan(path);
    const found = this.routes.some((route) => isRival(route) && takes(path, route.path));
    this.rivalry.set(path, found);
    return found;
  }

  private matching(url: string): RegisteredRoute[] {
    const methods = [...new Set(this.routes.map(({ method }) => method))];
    return methods.flatMap((method) => {
      const found = this.router.find(method as HTTPMethod, urlPath(url));
      return found === null ? [] : [{ method, path: found.store as string }];
    });
  }
}

/** Whether a path with parameters matches everything that another one does. */
function takes(path: string, other: string): boolean {
  const segments = other.split('/');
  const own = path.split('/');
  return (
    own.length === segments.length &&
    own.every((one, place) => one.startsWith(':') || one === segments[place])
  );
}

/** Of two paths that match one URL: which of them has a literal segment where they first differ in that. */
function isMoreLiteralThan(other: string): (route: RegisteredRoute) => boolean {
  const shape = (path: string) =>
    path
      .split('/')
      .map((segment) => (/^[:*]/.test(segment) ? 'x' : 'l'))
      .join('');
  return ({ path }) => shape(path) < shape(other);
}
