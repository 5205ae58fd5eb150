/**
 * The thread in which expressions run. It is started by file name, also straight from TypeScript (Node strips the types), and
 * therefore imports packages only.
 *
 * Two facts of the engine shape it. QuickJS asks its interrupt handler in loops and regular expressions but not inside
 * its native functions (`[].indexOf.call({length: 2**53-1}, 1)` never asks), so the last word on time is the owner's,
 * which ends the thread. Built for WebAssembly its own memory limit counts almost nothing, so the limit is the size to
 * which the linear memory may grow.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  RELEASE_SYNC,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
} from 'quickjs-emscripten';
import type { SandboxAnswer, SandboxJob, SandboxLimits } from './sandbox-thread.js';

/** The part of Node's WebAssembly that is used here; its types come with the DOM's only. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const PAGE_BYTES = 65_536;
/** What the module asks for at its start: 16 MiB, most of it free for the expression. */
const INITIAL_PAGES = 256;
/** Claims, like any body, are at most this deep (S81). */
const MAX_DEPTH = 32;

const { harness, limits, state } = workerData as {
  harness: string;
  limits: SandboxLimits;
  state: Int32Array;
};
type GuestAnswer = Omit<SandboxAnswer, 'executionMs'>;
let ready = instantiate();

/** The engine's clock is the server's (S93): the instant of the job, moving on with real time. */
let clockOffset = 0;
Date.now = () => Math.round(clockOffset + performance.now());

parentPort!.on('message', async (job: SandboxJob) => {
  const module = await ready;
  Atomics.store(state, 1, Math.floor(cpuMilliseconds()));
  Atomics.store(state, 0, 1);
  const answer = evaluate(module, job);
  Atomics.store(state, 0, 2);
  parentPort!.postMessage(answer);
});

function instantiate(): Promise<QuickJSWASMModule> {
  const wasmMemory = new WebAssembly.Memory({
    initial: INITIAL_PAGES,
    maximum: limits.memoryBytes / PAGE_BYTES,
  });
  return newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory }));
}

/** A fresh engine for each job. One that grew, or that broke, is not used again: linear memory never shrinks. */
function evaluate(module: QuickJSWASMModule, job: SandboxJob): SandboxAnswer {
  const started = performance.now();
  const startedCpu = cpuMilliseconds();
  clockOffset = job.now - started;
  let answer: GuestAnswer;
  try {
    answer = runGuest(module, job, startedCpu);
  } catch {
    ready = instantiate();
    answer = { error: 'The expression broke its sandbox.', output: '' };
  }
  if (module.getWasmMemory().buffer.byteLength > INITIAL_PAGES * PAGE_BYTES) ready = instantiate();
  const executionMs = performance.now() - started;
  if (cpuMilliseconds() - startedCpu > limits.milliseconds)
    answer = { error: limits.overrun, output: answer.output };
  return { ...answer, executionMs };
}

function runGuest(module: QuickJSWASMModule, job: SandboxJob, startedCpu: number): GuestAnswer {
  const runtime = module.newRuntime({
    memoryLimitBytes: limits.memoryBytes,
    maxStackSizeBytes: limits.stackBytes,
    interruptHandler: () => cpuMilliseconds() - startedCpu > limits.milliseconds,
  });
  const context = runtime.newContext();
  const guest = context.unwrapResult(context.evalCode(harness, 'sandbox'));
  const request = context.newString(job.request);
  const reply = read(context, guest, 'evaluate', request);
  runtime.removeInterruptHandler();
  const output = (read(context, guest, 'printed') ?? '') as string;
  try {
    for (const owned of [request, guest, context, runtime]) owned.dispose();
  } catch {
    ready = instantiate();
  }
  return { ...answerOf(reply), output };
}

function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function answerOf(reply: unknown): Pick<SandboxAnswer, 'value' | 'error' | 'looked'> {
  if (reply === undefined) return { error: 'The expression needed too much memory.' };
  const { value, error, looked } = reply as SandboxAnswer;
  if (error !== undefined) return { error, looked };
  try {
    return { value: plain(value, MAX_DEPTH), looked };
  } catch {
    return { error: 'The result is nested too deeply.', looked };
  }
}

/** What one function of the harness answers; undefined when the engine was interrupted or had no memory left to answer. */
function read(
  context: QuickJSContext,
  guest: QuickJSHandle,
  name: string,
  argument?: QuickJSHandle,
): unknown {
  const method = context.getProp(guest, name);
  const reply = context.callFunction(method, guest, ...(argument ? [argument] : []));
  method.dispose();
  const text = reply.error ? undefined : context.getString(reply.value);
  reply.dispose();
  return text === undefined ? undefined : JSON.parse(text);
}

/** A copy without `__proto__` keys, which an assignment elsewhere would turn into a prototype. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) throw new RangeError('too deep');
  if (Array.isArray(value)) return value.map((entry) => plain(entry, depth - 1));
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(entries.map(([key, entry]) => [key, plain(entry, depth - 1)]));
}
