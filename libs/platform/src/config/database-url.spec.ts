import { expect, it } from 'vitest';
import { leadsAnywhere } from './database-url.js';

it.each([
  'postgres://sallyport@/db?host=%2Ftmp%2Fpg',
  'postgres://%2Fvar%2Frun%2Fpostgresql/db',
  'postgres://sallyport@127.0.0.1/db',
  'postgres://sallyport@localhost:5433/db',
  'postgres://sallyport@[::1]/db',
  'postgres:///db',
  'postgres://u:p@db.example.com/db?sslmode=verify-full',
  'postgres://u:p@10.0.0.5/db?sslmode=require&sslmode=verify-full&sslrootcert=ca.pem',
])('S84 %j stays on this machine, or is checked by name', (url) => {
  expect(leadsAnywhere(url)).toBe(false);
});

it.each([
  'postgres://db/x',
  'postgres://u:p@db.example.com/db',
  'postgres://u:p@db.example.com/db?sslmode=disable',
  'postgres://u:p@db.example.com/db?sslmode=prefer',
  'postgres://u:p@db.example.com/db?sslmode=no-verify',
  'postgres://u:p@db.example.com/db?sslmode=require&uselibpqcompat=true',
  'postgres://u:p@db.example.com/db?ssl=true',
  'postgres://u:p@db.example.com/db?sslmode=verify-full&sslmode=disable',
  'postgres://u:p@localhost/db?host=db.example.com',
  'postgres://u:p@/db?host=db.example.com',
  'postgres://u:p@127.0.0.1.example.com/db',
  'postgres://u:p@10.0.0.5/db',
])('S84 %j would take anybody for the database', (url) => {
  expect(leadsAnywhere(url)).toBe(true);
});
