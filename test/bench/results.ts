import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Scene } from '../appgate/scene.js';

const FILE = new URL('../../docs/benchmarks.md', import.meta.url);
const HEAD = '# Benchmarks\n';

type Line = Record<string, string | number>;

/** Prints a table and, with BENCH_RECORD=1, puts it in the place of the section of this title in docs/benchmarks.md. */
export async function tell(
  scene: Pick<Scene, 'rows'>,
  title: string,
  lines: Line[],
  remark = '',
): Promise<void> {
  console.table(lines);
  if (remark !== '') console.log(remark);
  if (process.env['BENCH_RECORD'] !== '1') return;
  const [{ version }] = (await scene.rows<{ version: string }>(
    `SELECT current_setting('server_version') AS version`,
  )) as [{ version: string }];
  const day = new Date().toISOString().slice(0, 10);
  const where = `${day}, Node ${process.versions.node}, PostgreSQL ${version}, ${availableParallelism()} cores.`;
  const section = [
    `## ${title}`,
    '',
    where,
    '',
    ...tableOf(lines),
    '',
    ...(remark === '' ? [] : [remark, '']),
  ].join('\n');
  const [head = HEAD, ...sections] = existsSync(FILE) ? readFileSync(FILE, 'utf8').split(/^(?=## )/m) : [];
  const others = sections
    .filter((other) => !other.startsWith(`## ${title}\n`))
    .map((other) => `${other.trimEnd()}\n`);
  writeFileSync(FILE, [`${head.trimEnd()}\n`, ...[...others, section].toSorted()].join('\n'));
}

function tableOf(lines: Line[]): string[] {
  const columns = Object.keys(lines[0] ?? {});
  const row = (cells: (string | number | undefined)[]) => `| ${cells.join(' | ')} |`;
  return [
    row(columns),
    row(columns.map(() => '---')),
    ...lines.map((line) => row(columns.map((column) => line[column]))),
  ];
}
