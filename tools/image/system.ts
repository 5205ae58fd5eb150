import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Puts together, in the folder that is its argument, the whole system the server needs beside itself: this Node, the
 * libraries that it and the addons in `node_modules` are linked with, and a handful of files. No shell, no package manager, no tool. What it took
 * from Debian is written down where scanners of images look for it.
 */
const [, , target = 'system'] = process.argv;
const USER = 10001;

const addons = readdirSync('node_modules', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.node'))
  .map((name) => join('node_modules', name));
const libraries = [...new Set([process.execPath, ...addons].flatMap(linkedLibraries))];
put(process.execPath, '/usr/local/bin/node');
chmodSync(join(target, '/usr/local/bin/node'), 0o755);
for (const library of libraries) put(library, library);

write('/etc/passwd', `root:x:0:0::/:/nologin\nsallyport:x:${USER}:${USER}::/nonexistent:/nologin\n`);
write('/etc/group', `root:x:0:\nsallyport:x:${USER}:\n`);
write('/etc/nsswitch.conf', 'hosts: files dns\n');
if (existsSync('/etc/os-release')) put('/etc/os-release', '/etc/os-release');
for (const name of new Set(libraries.flatMap(packageOf))) record(name);
mkdirSync(join(target, 'tmp'), { recursive: true });
chmodSync(join(target, 'tmp'), 0o1777);

/** Paths of the shared libraries and of the loader, as the program asks for them. */
function linkedLibraries(program: string): string[] {
  const answer = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...answer.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
}

/** The Debian package a library is from; Debian knows it by its path before or after /usr became one. */
function packageOf(library: string): string[] {
  for (const path of [library, `/usr${library}`])
    try {
      const answer = execFileSync('dpkg-query', ['--search', path], { encoding: 'utf8', stdio: 'pipe' });
      return [answer.split(':', 1)[0]!];
    } catch {
      // Not by this path, or no Debian.
    }
  return [];
}

/** As Distroless does: one status file a package, and its licence. */
function record(name: string): void {
  const status = execFileSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  write(`/var/lib/dpkg/status.d/${name}`, status);
  const licence = `/usr/share/doc/${name}/copyright`;
  if (existsSync(licence)) cpSync(licence, join(target, licence), { dereference: true });
}

function put(from: string, to: string): void {
  mkdirSync(dirname(join(target, to)), { recursive: true });
  copyFileSync(from, join(target, to));
  process.stdout.write(`${basename(to)} `);
}

function write(to: string, text: string): void {
  mkdirSync(dirname(join(target, to)), { recursive: true });
  writeFileSync(join(target, to), text);
}
