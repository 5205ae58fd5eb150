import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface ComposeService {
  image?: string;
  build?: string;
  command?: string[];
  entrypoint?: string[];
  user?: string;
  environment?: Record<string, string>;
  volumes?: string[];
  networks?: string[] | Record<string, { ipv4_address?: string }>;
  network_mode?: string;
  ports?: string[];
  extra_hosts?: string[];
  tmpfs?: string[];
  profiles?: string[];
  healthcheck?: { disable?: boolean; test?: string[] };
  depends_on?: Record<string, { condition: string }>;
  restart?: string;
  [field: string]: unknown;
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } } | null>;
  volumes: Record<string, object | null>;
}

const FILE = join(import.meta.dirname, '../../docker-compose.yml');

export const composeText = readFileSync(FILE, 'utf8');

/** The compose file, anchors merged, with every variable at its default. */
export function readComposeFile(): ComposeFile {
  const filled = composeText.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  return parse(filled, { merge: true }) as ComposeFile;
}
