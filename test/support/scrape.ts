import { MetricsListener } from '../../apps/server/src/ops/metrics-listener.service.js';
import type { Sallyport } from './sallyport.js';
import { type Answer, expecting, send } from './send.js';

/** Where a server of this process tells its metrics. */
export function metricsUrl({ app }: Sallyport): string {
  const address = app.get(MetricsListener, { strict: false }).address;
  if (address === null) throw new Error('the server tells no metrics');
  return `http://127.0.0.1:${address.port}`;
}

export function health(server: Sallyport): Promise<Answer> {
  return send({ method: 'GET', url: `${metricsUrl(server)}/health` });
}

/** The samples of a scrape: `name{label="value"}` to value. */
export class Scrape {
  private constructor(
    readonly text: string,
    readonly samples: Map<string, number>,
  ) {}

  static async of(server: Sallyport): Promise<Scrape> {
    return Scrape.from(`${metricsUrl(server)}/metrics`);
  }

  static async from(url: string): Promise<Scrape> {
    const { text } = await expecting(200, send({ method: 'GET', url }));
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const samples = lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    });
    return new Scrape(text, new Map(samples));
  }

  /** The samples of one metric, by their labels as they stand between the braces; '' where there are none. */
  of(metric: string): Record<string, number> {
    const found = [...this.samples].flatMap(([key, value]) => {
      const [, name, labels = ''] = /^([a-z_0-9]+)(?:\{(.*)\})?$/i.exec(key) ?? [];
      return name === metric ? [[labels, value] as const] : [];
    });
    return Object.fromEntries(found);
  }

  /** Of every metric, its name without what a histogram adds to it. */
  get names(): Set<string> {
    return new Set(
      this.text
        .split('\n')
        .filter((line) => line.startsWith('# TYPE '))
        .map((line) => line.split(' ')[2]!),
    );
  }
}
