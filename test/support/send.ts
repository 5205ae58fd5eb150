import { Agent, request as plainRequest, type IncomingHttpHeaders } from 'node:http';
import { atSomeReplica } from './shuffled-replicas.js';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

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

/** What a test file makes of every body before it is sent; null: nothing. For fields that ride along (S46). */
export const SMUGGLING: { into: ((body: unknown) => unknown) | null } = { into: null };

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
/** What stands in front in tests has a certificate of its own making. */
const secureAgent = new SecureAgent({ keepAlive: true, maxSockets: 256, rejectUnauthorized: false });

/** Sends one request, any verb and repeated headers included. */
export function send(sending: Sending): Promise<Answer> {
  return atSomeReplica(sending.url, (url) => sendTo({ ...sending, url }));
}

function sendTo({ method, url, headers = {}, body }: Sending): Promise<Answer> {
  const content = bytesOf(SMUGGLING.into === null ? body : SMUGGLING.into(body));
  const sent = Object.fromEntries(
    Object.entries({ ...headers, ...(content && { 'content-length': String(content.length) }) }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Record<string, string | string[]>;
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    const open = secure ? secureRequest : plainRequest;
    const request = open(url, { method, headers: sent, agent: secure ? secureAgent : agent }, (response) => {
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
