import { Command, CommanderError } from 'commander';
import { type Config, readConfig, SALLYPORT_VERSION, translateDatabaseError } from '@sallyport/platform';
import { AuditCommands } from './commands/audit-commands.js';
import { KeyCommands } from './commands/key-commands.js';
import { migrateDatabase } from './commands/migrate-command.js';
import { PeopleCommands } from './commands/people-commands.js';
import { RecoveryCommands } from './commands/recovery-commands.js';
import { EXIT, failureOf } from './console/exit-codes.js';
import { jsonlOrCsv, someText, timeOf, wholeNumber } from './console/arguments.js';
import { mustBeReadable, NewFile } from './console/named-files.js';
import { newPassword } from './console/new-password.js';
import { inSession } from './console/session.js';
import { type Answer, OutputClosed, tell, type Terminal } from './console/terminal.js';
import { diagnose } from './doctor/diagnose.js';

const ABOUT = `
The operator's command line of Sallyport, for the server's own host: it works on the server's database with its master key, and reads the
same settings from the environment (docs/operations.md). What it does is written to the audit under the name "operator".`;

const EPILOGUE = `
Exit codes: 0 done · 1 refused, not found, or a check that failed · 2 wrong usage · 3 a setting is wrong · 4 the database does not answer

Examples:
  $ sallyport doctor
  $ sallyport admin reset-password --generate
  $ sallyport mfa reset ada --reason "phone lost"
  $ sallyport keys rotate --json`;

interface UserOptions {
  provider: string;
}

interface ExportOptions {
  since?: Date;
  until?: Date;
  format: 'jsonl' | 'csv';
  output?: string;
}

/** Parses the arguments and runs the command they name. @returns the exit code. */
export async function runProgram(args: string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.done;
  const finish = (code: number) => (exitCode = code);
  try {
    await programOn(terminal, finish).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // It has said so itself, in its words; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof OutputClosed) return EXIT.failed;
    const failure = failureOf(translateDatabaseError(error));
    const { code, message } = failure;
    terminal.errors.write(
      args.includes('--json')
        ? `${JSON.stringify({ error: { code, message } })}\n`
        : `sallyport: ${message}\n`,
    );
    return failure.exitCode;
  }
}

function programOn(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('sallyport')
    .description(ABOUT.trim())
    .version(SALLYPORT_VERSION, '--version', 'say which version this is')
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.output.write(text),
      writeErr: (text) => void terminal.errors.write(text),
    });

  /** One command: its words, and what it answers. */
  const command = (parent: Command, usage: string, about: string, example: string) =>
    parent
      .command(usage)
      .description(about)
      .option('--json', 'one JSON document on standard output, for scripts')
      .addHelpText('after', `\nExample:\n  $ sallyport ${example}`);
  const answering =
    (work: (config: Config, ...given: never[]) => Promise<Answer>) =>
    async (...given: unknown[]): Promise<void> => {
      const { json } = (given.at(-1) as Command).opts<{ json?: boolean }>();
      const answer = await work(readConfig(terminal.environment), ...(given as never[]));
      tell(terminal, answer, json === true);
      finish(answer.exitCode ?? EXIT.done);
    };
  const people = (config: Config, work: (commands: PeopleCommands) => Promise<Answer>) =>
    inSession(config, (core) => work(core.get(PeopleCommands)));
  const keys = (config: Config, work: (commands: KeyCommands) => Promise<Answer>) =>
    inSession(config, (core) => work(core.get(KeyCommands)));
  const recovery = (config: Config, work: (commands: RecoveryCommands) => Promise<Answer>) =>
    inSession(config, (core) => work(core.get(RecoveryCommands)));
  const ofProvider = ['--provider <name>', 'the identity provider of the user, as /admin spells it'] as const;

  command(program, 'migrate', "bring the database to this version's schema", 'migrate').action(
    answering(migrateDatabase),
  );

  const admin = program.command('admin').description('people who cannot get in with their password');
  command(
    admin,
    'reset-password [name]',
    'set a new password (of admin, unless told)',
    'admin reset-password ada --generate',
  )
    .option(...ofProvider, 'local')
    .option('--generate', 'a random password, shown once')
    .option('--password-file <file>', 'a file whose content is the password; - is standard input')
    .option('--enable', 'let a disabled user in again')
    .action(
      answering(
        async (
          config,
          name: string | undefined,
          options: UserOptions & { generate?: boolean; passwordFile?: string; enable?: boolean },
        ) => {
          const chosen = await newPassword(terminal, options);
          const wish = { name: name ?? 'admin', provider: options.provider };
          return people(config, (commands) =>
            commands.resetPassword(wish, { ...chosen, enable: options.enable === true }),
          );
        },
      ),
    );
  command(
    admin,
    'clear-throttle [name]',
    'forget failed passwords (of admin, unless told)',
    'admin clear-throttle ada',
  )
    .option(...ofProvider, 'local')
    .action(
      answering(async (config, name: string | undefined, { provider }: UserOptions) =>
        people(config, (commands) => commands.clearThrottle({ name: name ?? 'admin', provider })),
      ),
    );

  const mfa = program.command('mfa').description('people who cannot get in with their second factor');
  command(
    mfa,
    'reset <name>',
    'take all authenticators away, so that a new one can be bound',
    'mfa reset ada --reason "phone lost"',
  )
    .option(...ofProvider, 'local')
    .requiredOption('--reason <text>', 'kept in the history of factors', someText)
    .action(
      answering(async (config, name: string, { provider, reason }: UserOptions & { reason: string }) =>
        people(config, (commands) => commands.resetFactors({ name, provider }, reason)),
      ),
    );
  command(
    mfa,
    'reopen-enrolment <name>',
    'let a first authenticator be bound after its time',
    'mfa reopen-enrolment ada',
  )
    .option(...ofProvider, 'local')
    .action(
      answering(async (config, name: string, { provider }: UserOptions) =>
        people(config, (commands) => commands.reopenEnrolment({ name, provider })),
      ),
    );

  const keyring = program.command('keys').description('the keys that seal secrets');
  command(keyring, 'list', 'what keys there are, and how old', 'keys list').action(
    answering((config) => keys(config, (commands) => commands.list())),
  );
  command(
    keyring,
    'rotate',
    'seal everything with a new data key and delete the old ones',
    'keys rotate --master',
  )
    .option('--master', 'wrap it with the newest master key in the file, so that the older ones open nothing')
    .action(
      answering(async (config, { master }: { master?: boolean }) =>
        keys(config, (commands) => commands.rotate({ master: master === true })),
      ),
    );
  command(
    keyring,
    'add-master',
    'put a new master key behind the others in its file',
    'keys add-master',
  ).action(answering((config) => keys(config, (commands) => commands.addMaster())));
  command(
    keyring,
    'drop-master',
    'take master keys that nothing needs out of the file',
    'keys drop-master',
  ).action(answering((config) => keys(config, (commands) => commands.dropMaster())));

  const audit = program.command('audit').description('what happened');
  command(
    audit,
    'verify',
    'recompute the chain and say what is not as it was written',
    'audit verify --checkpoints checkpoints.jsonl',
  )
    .option(
      '--checkpoints <file>',
      'exported checkpoints to compare with (those of the configured sink, unless told)',
    )
    .option('--from <number>', 'begin behind the checkpoint of this row', wholeNumber)
    .action(
      answering(async (config, { checkpoints, from }: { checkpoints?: string; from?: number }) => {
        if (checkpoints !== undefined) await mustBeReadable('--checkpoints', checkpoints);
        return inSession(config, (core) =>
          core.get(AuditCommands).verify({
            ...(from !== undefined && { from }),
            ...(checkpoints !== undefined && { checkpointFile: checkpoints }),
          }),
        );
      }),
    );
  audit
    .command('export')
    .description('write the rows of a period')
    .option('--since <time>', 'from this time on (RFC 3339)', timeOf)
    .option('--until <time>', 'before this time (RFC 3339)', timeOf)
    .option('--format <format>', 'jsonl or csv', jsonlOrCsv, 'jsonl')
    .option('--output <file>', 'a new file, mode 0600; absent: standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ sallyport audit export --since 2026-11-01T00:00:00Z --format csv --output november.csv',
    )
    .action(async ({ since, until, format, output }: ExportOptions) => {
      const config = readConfig(terminal.environment);
      const wish = { since: since ?? null, until: until ?? null, format };
      const file = output === undefined ? null : await NewFile.make('--output', output);
      const target = file?.stream ?? terminal.output;
      const work = () => inSession(config, (core) => core.get(AuditCommands).export(wish, target));
      const count = await (file === null ? work() : file.fill(work));
      terminal.errors.write(`${count} rows\n`);
    });

  const tokens = program.command('tokens').description('what everybody holds');
  command(tokens, 'revoke-all', 'end every token and unfinished sign-in', 'tokens revoke-all').action(
    answering((config) => recovery(config, (commands) => commands.revokeAll())),
  );
  command(tokens, 'issue-root', 'make a root token of /v1, shown once', 'tokens issue-root').action(
    answering((config) => recovery(config, (commands) => commands.issueRoot())),
  );

  command(program, 'after-restore', 'make a restored backup harmless', 'after-restore').action(
    answering((config) => recovery(config, (commands) => commands.afterRestore())),
  );

  program
    .command('doctor')
    .description('look at settings, database, clock, keys and TLS, and say what is wrong and how to mend it')
    .option('--json', 'one JSON document on standard output, for scripts')
    .addHelpText('after', '\nExample:\n  $ sallyport doctor --json')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = await diagnose(terminal.environment);
      tell(terminal, answer, json === true);
      finish(answer.exitCode ?? EXIT.done);
    });
  return program;
}
