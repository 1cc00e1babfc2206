/** `kubectl auth can-i` and `kubectl auth whoami` (k8s.io/kubectl/pkg/cmd/auth, v0.34). */
import type { PolicyRule } from '../../../ground/api/types.ts';
import { ok } from '../../../ground/base/result.ts';
import { compareText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Loose } from './api.ts';
import { exitWith, fail, failApi, type Outcome } from './failure.ts';
import { flagSpecs } from './flags.ts';
import { ruleRows } from './policy-rules.ts';
import { printerFor, structJson } from './print.ts';
import type { Session, Verb } from './session.ts';
import { FILE_FLAGS, WRITE_FLAGS } from './write-options.ts';
import { TableWriter } from './table.ts';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const REVIEW_VERSION = 'authorization.k8s.io/v1';
const RESOURCE_VERBS = new Set(
  'get list watch create update patch delete deletecollection use bind impersonate approve sign escalate attest *'.split(
    ' ',
  ),
);
const NON_RESOURCE_VERBS = new Set('get put post head options delete patch *'.split(' '));
const TWO_ARGUMENTS =
  'you must specify two arguments: verb resource or verb resource/resourceName.';

interface Attributes {
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

/** This verb writes the pointer to its help by itself, with a full stop. */
function canIUsage(session: Session, text: string): Outcome<never> {
  return fail(`${text}\nSee '${session.path} -h' for help and examples.`);
}

const canI: Verb = {
  name: 'can-i',
  usage: 'VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]',
  short: 'Check whether an action is allowed',
  flags: flagSpecs(
    "A all-namespaces=false list=false no-headers=false q quiet=false subresource=''",
  ),
  *run(session) {
    const { flags, args } = session;
    if (flags.bool('list')) {
      if (args.length > 0) return fail('list option must be specified with no arguments');
      return yield* listRules(session);
    }
    const [verb = '', what = ''] = args;
    if (args.length !== 2) return canIUsage(session, TWO_ARGUMENTS);
    const spec = what.startsWith('/')
      ? yield* nonResource(session, verb, what)
      : yield* resource(session, verb, what);
    if (!spec.ok) return spec;
    const answer = yield* ask(session, 'SelfSubjectAccessReview', spec.value);
    if (!answer.ok) return answer;
    const status = answer.value['status'] as
      | { readonly allowed?: boolean; readonly reason?: string; readonly evaluationError?: string }
      | undefined;
    const allowed = status?.allowed === true;
    const more = [status?.reason, status?.evaluationError].filter(
      (text) => text !== undefined && text !== '',
    );
    if (!flags.bool('quiet')) {
      yield* session.print(allowed ? 'yes\n' : `${['no', ...more].join(' - ')}\n`);
    }
    return allowed ? ok(0) : exitWith(1);
  },
};

function* ask(session: Session, kind: string, spec: object): Task<Outcome<Loose>> {
  const api = session.api();
  if (!api.ok) return api;
  const path = `${AUTHORIZATION}/${kind.toLowerCase()}s`;
  const body = { apiVersion: REVIEW_VERSION, kind, metadata: {}, spec };
  const answer = yield* api.value.call('POST', path, { body });
  return answer.ok ? ok(answer.value as Loose) : failApi(answer.error);
}

function* nonResource(session: Session, verb: string, path: string): Task<Outcome<object>> {
  if (session.flags.text('subresource') !== '') {
    return session.usageError('--subresource can not be used with NonResourceURL');
  }
  if (!NON_RESOURCE_VERBS.has(verb))
    yield* session.printError(`Warning: verb '${verb}' is not a known verb\n\n`);
  return ok({ nonResourceAttributes: { verb, path } });
}

function* resource(session: Session, verb: string, what: string): Task<Outcome<object>> {
  const slash = what.indexOf('/');
  const type = slash < 0 ? what : what.slice(0, slash);
  const name = slash < 0 ? '' : what.slice(slash + 1);
  const namespace = session.flags.bool('all-namespaces') ? ok('') : session.namespace();
  if (!namespace.ok) return namespace;
  const mapper = session.mapper();
  if (!mapper.ok) return mapper;
  const dot = type.indexOf('.');
  let attributes: Attributes = {
    verb,
    resource: dot < 0 ? type : type.slice(0, dot),
    group: dot < 0 ? '' : type.slice(dot + 1),
  };
  if (type !== '*') {
    const found = yield* mapper.value.named(type);
    if (!found.ok) return failApi(found.error);
    if (found.value === undefined) {
      const where = dot < 0 ? '' : ` in group '${type.slice(dot + 1)}'`;
      yield* session.printError(
        `Warning: the server doesn't have a resource type '${attributes.resource}'${where}\n\n`,
      );
    } else {
      const { group, resource: plural, namespaced } = found.value;
      attributes = { verb, group, resource: plural };
      if (!namespaced && !session.flags.bool('all-namespaces')) {
        const where = group === '' ? '' : ` in group '${group}'`;
        yield* session.printError(
          `Warning: resource '${plural}' is not namespace scoped${where}\n\n`,
        );
      }
    }
  }
  if (!RESOURCE_VERBS.has(verb))
    yield* session.printError(`Warning: verb '${verb}' is not a known verb\n\n`);
  const subresource = session.flags.text('subresource');
  return ok({
    resourceAttributes: { ...attributes, namespace: namespace.value, name, subresource },
  });
}

function* listRules(session: Session): Task<Outcome<number>> {
  const namespace = session.namespace();
  if (!namespace.ok) return namespace;
  const answer = yield* ask(session, 'SelfSubjectRulesReview', { namespace: namespace.value });
  if (!answer.ok) return answer;
  const status = answer.value['status'] as
    | {
        readonly resourceRules?: readonly PolicyRule[];
        readonly nonResourceRules?: readonly PolicyRule[];
        readonly incomplete?: boolean;
      }
    | undefined;
  const rows = ruleRows([...(status?.nonResourceRules ?? []), ...(status?.resourceRules ?? [])]);
  if (status?.incomplete === true) {
    yield* session.printError(
      'warning: the list may be incomplete: webhook authorizer does not support user rule resolution\n',
    );
  }
  const head = ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'];
  yield* session.print(
    new TableWriter().format([...(session.flags.bool('no-headers') ? [] : [head]), ...rows]),
  );
  return ok(0);
}

function bracketed(texts: readonly string[] | undefined): string {
  return `[${(texts ?? []).join(' ')}]`;
}

interface Identity {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const whoami: Verb = {
  name: 'whoami',
  usage: '[options]',
  short: 'Experimental: Check self subject attributes',
  flags: flagSpecs(
    "allow-missing-template-keys=true o output='' show-managed-fields=false template=''",
  ),
  *run(session) {
    const form = session.flags.text('output');
    // A review is a Go struct, which shows in the order of JSON's fields.
    const printer =
      form === 'json' ? ok((object: Loose) => ok(structJson(object))) : printerFor(session, form);
    if (!printer.ok) return printer;
    const api = session.api();
    if (!api.ok) return api;
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: {},
    };
    const answer = yield* api.value.call(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { body },
    );
    if (!answer.ok) return failApi(answer.error);
    const review = answer.value as Loose;
    if (printer.value !== undefined) {
      const text = printer.value(review, true);
      if (!text.ok) return fail(text.error);
      yield* session.print(text.value);
      return ok(0);
    }
    const user = (review['status'] as { readonly userInfo?: Identity } | undefined)?.userInfo ?? {};
    const rows = [['ATTRIBUTE', 'VALUE']];
    if (user.username !== undefined) rows.push(['Username', user.username]);
    if (user.uid !== undefined && user.uid !== '') rows.push(['UID', user.uid]);
    if ((user.groups ?? []).length > 0) rows.push(['Groups', bracketed(user.groups)]);
    for (const [key, values] of Object.entries(user.extra ?? {}).sort(([a], [b]) =>
      compareText(a, b),
    )) {
      rows.push([`Extra: ${key}`, bracketed(values)]);
    }
    yield* session.print(new TableWriter().format(rows));
    return ok(0);
  },
};

const reconcile: Verb = {
  name: 'reconcile',
  usage: '-f FILENAME [options]',
  short:
    'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  flags: flagSpecs(
    `${FILE_FLAGS} ${WRITE_FLAGS} remove-extra-permissions=false remove-extra-subjects=false`,
  ),
  *run(session) {
    if (session.flags.list('filename').length === 0) return fail('must specify one of -f and -k');
    return fail('auth reconcile is not supported by this simulator: use kubectl apply');
  },
};

export const auth: Verb = {
  name: 'auth',
  usage: '[flags] [options]',
  short: 'Inspect authorization',
  flags: [],
  verbs: [canI, reconcile, whoami],
};
