import { type Config, ConfigError } from '@sallyport/platform';

/** What keeps a listener from opening, by the setting that mends it; null: it was something else. */
export function listenRefusal(error: unknown, config: Config): ConfigError | null {
  const { code, syscall, port, address, hostname } = (error ?? {}) as Record<string, unknown>;
  if (syscall === 'getaddrinfo' && hostname === config.host)
    return refused('HOST', `is no name of this machine (${String(code)})`);
  if (syscall !== 'listen') return null;
  const isMetrics = port === config.metricsPort && (port !== 0 || address === config.metricsHost);
  if (code === 'EADDRNOTAVAIL')
    return refused(isMetrics ? 'METRICS_HOST' : 'HOST', `is no address of this machine (${code})`);
  const setting = isMetrics ? 'METRICS_PORT' : port === config.tlsPort ? 'TLS_PORT' : 'PORT';
  if (code === 'EADDRINUSE') return refused(setting, `something else listens at this port already (${code})`);
  if (code === 'EACCES') return refused(setting, `this user may not listen at this port (${code})`);
  return refused(setting, `it cannot be listened at (${String(code)})`);
}

function refused(setting: string, problem: string): ConfigError {
  return new ConfigError([{ setting, problem }]);
}
