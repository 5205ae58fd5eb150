export * from './list-rows.js';
