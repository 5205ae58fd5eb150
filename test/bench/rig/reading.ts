import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Reading {
  /** Seconds of processor time. */
  cpu: number;
  /** Bytes it holds in memory just now. */
  memory: number;
}

/** Linux counts a process's time in hundredths of a second, whatever the kernel's own clock (proc(5)). */
const TICKS = 100;
const PAGE = 4096;

/** Reads a process by its id; where the system has no `/proc`, or the process is gone, zeros. */
export function readProcess(pid: number): Reading {
  const fields = statOf(pid);
  if (fields === null) return { cpu: 0, memory: 0 };
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return { cpu: (user + system) / TICKS, memory: Number(fields[21]) * PAGE };
}

/** A process with its children, those that have ended too: a PostgreSQL with all its sessions. */
export function readFamily(pid: number): Reading {
  const own = statOf(pid);
  if (own === null) return { cpu: 0, memory: 0 };
  const ended = (Number(own[13]) + Number(own[14])) / TICKS;
  const members = [pid, ...childrenOf(pid)].map(readProcess);
  return {
    cpu: ended + members.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: members.reduce((sum, { memory }) => sum + memory, 0),
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => Number(statOf(candidate)?.[1]) === pid);
}

/** What `/proc/<pid>/stat` says after the name, which may itself hold spaces and brackets. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
