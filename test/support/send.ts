import { Agent, request as plainRequest, type IncomingHttpHeaders } from 'node:http';

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed text; undefined where there is none, or no JSON. */
  body: any;
}

export interface Sending {
  method: string;
  url: string;
  headers?: Record<string, string | string[] | undefined>;
  /** An object is sent as JSON, text and bytes as they are. */
  body?: unknown;
}

/** Every answer's text and headers of this test file, for searching (S04, S33). */
export const ANSWERS_SEEN: string[] = [];

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Sends one request, any verb and repeated headers included. */
export function send({ method, url, headers = {}, body }: Sending): Promise<Answer> {
  const content = bytesOf(body);
  const sent = Object.fromEntries(
    Object.entries({ ...headers, ...(content && { 'content-length': String(content.length) }) }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Record<string, string | string[]>;
  return new Promise((resolve, reject) => {
    const request = plainRequest(url, { method, headers: sent, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        ANSWERS_SEEN.push(JSON.stringify(response.headers), text);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
      });
    });
    request.on('error', reject);
    request.end(content);
  });
}

/** The answer, where its status is the one expected; else an error that shows it. */
export async function expecting(status: number, answer: Promise<Answer>): Promise<Answer> {
  const found = await answer;
  if (found.status !== status)
    throw new Error(`expected ${status}, answered ${found.status} ${found.text.slice(0, 500)}`);
  return found;
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
