/**
 * The portmap plugin: host ports by DNAT in the host's nat table. Not written yet: a pod that asks
 * for a host port is told so.
 */
import { err, ok } from '../../../ground/base/result.ts';
import { cniProgram } from './plugin.ts';

export const portmap = cniProgram('portmap', (request) => {
  if (request.command === 'ADD' && request.portMappings.length > 0) {
    return err('host ports are not supported here');
  }
  return ok(request.previous ?? { interfaces: [], ips: [] });
});
