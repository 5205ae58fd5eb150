import type { AddressInfo } from 'node:net';
import type { Config } from '@sallyport/platform';
import type { ListenerAddress } from '../http/front/listeners.js';

const UP = 'Sallyport is up.';

/** What is worth knowing when the server is up: where it listens, where the docs are, where the first credentials lie. */
export class Welcome {
  private readonly facts: { what: string; where: string; note?: string }[];

  constructor(
    config: Config,
    addresses: ListenerAddress[],
    credentialsFile: string | null,
    metrics: AddressInfo | null,
  ) {
    const urls = addresses.map(({ scheme, host, port }) => `${scheme}://${written(host)}:${port}`);
    this.facts = [
      ...urls.map((where) => ({ what: 'listens at', where, note: '(/admin and /v1)' })),
      ...(config.production ? [] : [{ what: 'documentation', where: `${urls[0]}/docs` }]),
      ...(credentialsFile === null ? [] : [{ what: 'first credentials', where: credentialsFile }]),
      ...(metrics === null
        ? []
        : [{ what: 'metrics', where: `http://${written(metrics.address)}:${metrics.port}/metrics` }]),
      { what: 'data', where: config.dataDirectory },
    ];
  }

  /** For a person at a terminal. */
  get banner(): string {
    const lines = this.facts.map(({ what, where, note }) =>
      `  ${what.padEnd(17)}  ${where}   ${note ?? ''}`.trimEnd(),
    );
    return `\n${[UP, ...lines].join('\n')}\n\n`;
  }

  /** For the log. */
  get line(): string {
    return `${UP} ${this.facts.map(({ what, where }) => `${what} ${where}`).join(', ')}`;
  }
}

function written(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
