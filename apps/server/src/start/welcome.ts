import type { AddressInfo } from 'node:net';
import type { Config } from '@sallyport/platform';
import type { ListenerAddress } from '../http/front/listeners.js';

/** What a person sees when the server is up: where it listens, where the docs are, where the first credentials lie. */
export function welcome(
  config: Config,
  addresses: ListenerAddress[],
  credentialsFile: string | null,
  metrics: AddressInfo | null,
): string {
  const urls = addresses.map(({ scheme, host, port }) => `${scheme}://${written(host)}:${port}`);
  const lines = [
    '',
    'Sallyport is up.',
    ...urls.map((url) => `  listens at         ${url}   (/admin and /v1)`),
    ...(config.production ? [] : [`  documentation      ${urls[0]}/docs`]),
    ...(credentialsFile === null ? [] : [`  first credentials  ${credentialsFile}`]),
    ...(metrics === null
      ? []
      : [`  metrics            http://${written(metrics.address)}:${metrics.port}/metrics`]),
    `  data               ${config.dataDirectory}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function written(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
