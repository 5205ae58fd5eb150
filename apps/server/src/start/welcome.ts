import type { Config } from '@sallyport/platform';
import type { ListenerAddress } from '../http/front/listeners.js';

/** What a person sees when the server is up: where it listens, where the docs are, where the first credentials lie. */
export function welcome(
  config: Config,
  addresses: ListenerAddress[],
  credentialsFile: string | null,
): string {
  const urls = addresses.map(
    ({ scheme, host, port }) => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
  );
  const lines = [
    '',
    'Sallyport is up.',
    ...urls.map((url) => `  listens at         ${url}   (/admin and /v1)`),
    ...(config.production ? [] : [`  documentation      ${urls[0]}/docs`]),
    ...(credentialsFile === null ? [] : [`  first credentials  ${credentialsFile}`]),
    `  data               ${config.dataDirectory}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}
