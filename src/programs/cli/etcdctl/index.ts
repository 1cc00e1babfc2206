/**
 * etcdctl (etcd 3.6): get, put, del, txn, watch, lease, compaction, member list, endpoint health and
 * status, defrag, alarm, snapshot save, version; `etcdutl` beside it looks at and restores snapshots. Other commands of the real one are refused by name.
 */
import type { Task } from '../../../ground/base/task.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import { alarm } from './alarm.ts';
import { defrag, endpoint, member } from './cluster.ts';
import { parseArguments } from './flags.ts';
import { compaction, del, get, put } from './kv.ts';
import { lease } from './lease.ts';
import {
  clientOf,
  endpointsOf,
  EXIT_BAD_ARGUMENTS,
  EXIT_BAD_FEATURE,
  fail,
  printerOf,
  type Session,
} from './session.ts';
import { snapshot } from './snapshot.ts';
import { txn } from './txn.ts';
import { watch } from './watch.ts';

const VERSION = '3.6.4';

type Command = (session: Session, words: readonly string[]) => Task<number>;

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['get', get],
  ['put', put],
  ['del', del],
  ['txn', txn],
  ['watch', watch],
  ['lease', lease],
  ['compaction', compaction],
  ['member', member],
  ['endpoint', endpoint],
  ['defrag', defrag],
  ['alarm', alarm],
  ['snapshot', snapshot],
]);

/** Commands of the real etcdctl that this one does not have. */
const UNSUPPORTED = new Set(
  'auth check downgrade elect lock make-mirror move-leader role user completion'.split(' '),
);

const USAGE = `NAME:
	etcdctl - A simple command line client for etcd3.

USAGE:
	etcdctl [flags]

VERSION:
	${VERSION}

API VERSION:
	3.6


COMMANDS:
	alarm disarm	Disarms all alarms
	alarm list	Lists all alarms
	compaction	Compacts the event history in etcd
	defrag		Defragments the storage of the etcd members with given endpoints
	del		Removes the specified key or range of keys [key, range_end)
	endpoint health	Checks the healthiness of endpoints specified in \`--endpoints\` flag
	endpoint status	Prints out the status of endpoints specified in \`--endpoints\` flag
	get		Gets the key or a range of keys
	lease grant	Creates leases
	lease keep-alive	Keeps leases alive (renew)
	lease list	List all active leases
	lease revoke	Revokes leases
	lease timetolive	Get lease information
	member list	Lists all members in the cluster
	put		Puts the given key into the store
	snapshot save	Stores an etcd node backend snapshot to a given file
	txn		Txn processes all the requests in one transaction
	version		Prints the version of etcdctl
	watch		Watches events stream on keys or prefixes
`;

export { etcdutl } from './snapshot.ts';

export const etcdctl: Program = {
  name: 'etcdctl',
  version: VERSION,
  *main(process) {
    yield* process.work(process.costs.smallToolMicros);
    return yield* run(process);
  },
};

function* run(process: Process): Task<number> {
  const args = parseArguments(process.argv.slice(1), process.env);
  if (!args.ok) return yield* fail(process, args.error);
  const [name, ...words] = args.value.words;
  if (name === undefined || name === 'help' || args.value.flags.get('help') === 'true') {
    yield* process.print(USAGE);
    return 0;
  }
  if (name === 'version') {
    yield* process.print(`etcdctl version: ${VERSION}\nAPI version: 3.6\n`);
    return 0;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    const text = UNSUPPORTED.has(name)
      ? `${name} is not supported by this simulator`
      : `unknown command "${name}" for "etcdctl"`;
    return yield* fail(process, text);
  }
  const printer = printerOf(args.value);
  if (!printer.ok) return yield* fail(process, printer.error, EXIT_BAD_FEATURE);
  const first = endpointsOf(args.value)[0];
  if (first === undefined) return yield* fail(process, 'no endpoints', EXIT_BAD_ARGUMENTS);
  const client = clientOf(process, args.value, first);
  if (!client.ok) return yield* fail(process, client.error);
  const session: Session = {
    process,
    args: args.value,
    printer: printer.value,
    client: client.value,
  };
  const code = yield* command(session, words);
  client.value.close();
  return code;
}
