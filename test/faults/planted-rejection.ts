/** Loaded before the server: upon SIGUSR2 a promise is rejected that nobody holds, upon SIGWINCH a timer throws. */
process.on('SIGUSR2', () => void Promise.reject(new Error('planted rejection')));
process.on('SIGWINCH', () =>
  setImmediate(() => {
    throw new Error('planted exception');
  }),
);
