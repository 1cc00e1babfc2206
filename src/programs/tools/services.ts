/** Names of ports, as /etc/services has them. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [20, 'ftp-data'],
  [21, 'ftp'],
  [22, 'ssh'],
  [23, 'telnet'],
  [25, 'smtp'],
  [53, 'domain'],
  [80, 'http'],
  [110, 'pop3'],
  [123, 'ntp'],
  [143, 'imap2'],
  [389, 'ldap'],
  [443, 'https'],
  [3306, 'mysql'],
  [5432, 'postgresql'],
  [6379, 'redis'],
  [8080, 'http-alt'],
  [9418, 'git'],
]);

export function serviceName(port: number): string | undefined {
  return NAMES.get(port);
}

/** A port by number or name. */
export function portOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 65_535 ? Number(text) : undefined;
  for (const [port, name] of NAMES) if (name === text) return port;
  return text === 'www' ? 80 : undefined;
}
