/** All verbs of kubectl, in the order of its own overview. */
import { apply } from './apply.ts';
import { attach } from './attach.ts';
import { autoscale } from './autoscale.ts';
import { create } from './create.ts';
import { deleteVerb } from './delete.ts';
import { annotate, label } from './edit-map.ts';
import { exec } from './exec.ts';
import { expose } from './expose.ts';
import { describe } from './describe.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { rollout } from './rollout.ts';
import { run } from './run.ts';
import { scale } from './scale.ts';
import { diff } from './diff.ts';
import { edit } from './edit.ts';
import { replace } from './replace.ts';
import { set } from './set.ts';
import { apiResources, apiVersions } from './api-resources.ts';
import { auth } from './auth.ts';
import { clusterInfo } from './cluster-info.ts';
import { config } from './config.ts';
import { events } from './events.ts';
import { cordon, drain, uncordon } from './cordon.ts';
import { patch } from './patch.ts';
import { taint } from './taint.ts';
import { top } from './top.ts';
import { version } from './version.ts';
import { wait } from './wait.ts';
import { cp } from './cp.ts';
import { explain } from './explain.ts';
import { options } from './options.ts';
import { portForward } from './port-forward.ts';
import { proxy } from './proxy.ts';
import { refusedVerbs } from './refused.ts';
import type { Verb } from './session.ts';

export const VERBS: readonly Verb[] = [
  create,
  expose,
  run,
  get,
  deleteVerb,
  scale,
  autoscale,
  logs,
  attach,
  exec,
  apply,
  describe,
  rollout,
  label,
  annotate,
  diff,
  edit,
  replace,
  set,
  clusterInfo,
  top,
  cordon,
  uncordon,
  drain,
  taint,
  auth,
  patch,
  wait,
  apiResources,
  apiVersions,
  version,
  config,
  events,
  cp,
  explain,
  options,
  portForward,
  proxy,
  ...refusedVerbs,
];
