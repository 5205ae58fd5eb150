import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Config, DomainError } from '@sallyport/platform';
import type { FastifyReply } from 'fastify';
import { Access } from '../http/access.js';

/** The files of Swagger UI the page needs; nothing else of that folder is served. */
const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
  'favicon-32x32.png': 'image/png',
  'start.js': 'text/javascript',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Sallyport API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="/docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#swagger-ui', deepLinking: true, filter: true, docExpansion: 'none' });\n`;

/** The committed OpenAPI document and a page to read it; neither in production mode (S97). */
@ApiExcludeController()
@Access({ kind: 'open' })
@Controller('docs')
export class DocsController {
  constructor(private readonly config: Config) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header(
    'Content-Security-Policy',
    `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'`,
  )
  page(): string {
    this.mustBeShown();
    return PAGE;
  }

  @Get('openapi.json')
  @Header('Content-Type', 'application/json')
  async document(): Promise<string> {
    this.mustBeShown();
    return readFile(nearest('openapi.json', import.meta.dirname), 'utf8');
  }

  @Get(':asset')
  async asset(@Param('asset') asset: string, @Res() reply: FastifyReply): Promise<void> {
    this.mustBeShown();
    const type = Object.hasOwn(ASSETS, asset) ? ASSETS[asset] : undefined;
    if (type === undefined) throw new DomainError('not-found', 'not-found', 'not found');
    reply.header('Content-Type', type);
    if (asset === 'start.js') return void reply.send(START);
    const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    reply.send(await readFile(join(folder, asset)));
  }

  private mustBeShown(): void {
    if (this.config.production) throw new DomainError('not-found', 'not-found', 'not found');
  }
}

/** A file beside or above: sources, what is compiled of them and what is bundled lie at different depths. */
function nearest(name: string, folder: string): string {
  const file = join(folder, name);
  return existsSync(file) || folder === dirname(folder) ? file : nearest(name, dirname(folder));
}
