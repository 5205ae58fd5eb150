#!/usr/bin/env node
import 'reflect-metadata';
import { runProgram } from './program.js';

// Whoever writes meets it: nobody reads any further (`| head`).
process.stdout.on('error', () => undefined);
process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
});
