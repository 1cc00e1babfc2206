/** The verbs below `kubectl create` (k8s.io/kubectl/pkg/cmd/create, v0.34), each with its flags. */
import { ok } from '../../../ground/base/result.ts';
import { createToken } from './create-token.ts';
import { generator } from './create-generators.ts';
import {
  generatedConfigMap,
  generatedRegistrySecret,
  generatedSecret,
  generatedTlsSecret,
} from './generate/config.ts';
import { generatedDeployment } from './generate/deployment.ts';
import { generatedIngress } from './generate/ingress.ts';
import { generatedCronJob, generatedJob } from './generate/job.ts';
import { generatedBudget, generatedQuota } from './generate/policy.ts';
import { bindingGenerator, generatedClusterRole, generatedRole } from './generate/rbac.ts';
import { serviceGenerator } from './generate/service.ts';
import type { Verb } from './session.ts';

const FROM = 'append-hash=false from-env-file=[] from-file=[] from-literal=[*]';
const RULES = 'resource=[] resource-name=[*] verb=[]';
const SUBJECTS = "clusterrole='' group=[*] serviceaccount=[*] user=[*]";

const service: Verb = {
  name: 'service',
  aliases: ['svc'],
  usage: '[flags] [options]',
  short: 'Create a service using a specified subcommand',
  flags: [],
  verbs: [
    generator(
      'clusterip',
      [],
      'Create a ClusterIP service',
      'NAME [--tcp=<port>:<targetPort>]',
      "clusterip='' tcp=[]",
      'Service',
      serviceGenerator('ClusterIP'),
    ),
    generator(
      'nodeport',
      [],
      'Create a NodePort service',
      'NAME [--tcp=port:targetPort]',
      'node-port=0 tcp=[]',
      'Service',
      serviceGenerator('NodePort'),
    ),
    generator(
      'loadbalancer',
      [],
      'Create a LoadBalancer service',
      'NAME [--tcp=port:targetPort]',
      'tcp=[]',
      'Service',
      serviceGenerator('LoadBalancer'),
    ),
    generator(
      'externalname',
      [],
      'Create an ExternalName service',
      'NAME --external-name external.name',
      "external-name='' tcp=[]",
      'Service',
      serviceGenerator('ExternalName'),
      ['external-name'],
    ),
  ],
};

const secret: Verb = {
  name: 'secret',
  usage: '(docker-registry | generic | tls) [options]',
  short: 'Create a secret with specified type',
  flags: [],
  verbs: [
    generator(
      'generic',
      [],
      'Create a secret from a local file, directory, or literal value',
      'NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]',
      `${FROM} type=''`,
      'Secret',
      generatedSecret,
    ),
    generator(
      'tls',
      [],
      'Create a TLS secret',
      'NAME --cert=path/to/cert/file --key=path/to/key/file',
      "append-hash=false cert='' key=''",
      'Secret',
      generatedTlsSecret,
    ),
    generator(
      'docker-registry',
      [],
      'Create a secret for use with a Docker registry',
      'NAME --docker-username=user --docker-password=password --docker-email=email',
      "append-hash=false docker-email='' docker-password='' docker-server='https://index.docker.io/v1/' docker-username='' from-file=[]",
      'Secret',
      generatedRegistrySecret,
    ),
  ],
};

export const generatorVerbs: readonly Verb[] = [
  generator(
    'clusterrole',
    [],
    'Create a cluster role',
    'NAME --verb=verb --resource=resource.group',
    `${RULES} aggregation-rule=[] non-resource-url=[]`,
    'ClusterRole',
    generatedClusterRole,
  ),
  generator(
    'clusterrolebinding',
    [],
    'Create a cluster role binding for a particular cluster role',
    'NAME --clusterrole=NAME [--user=username] [--group=groupname]',
    SUBJECTS,
    'ClusterRoleBinding',
    bindingGenerator('ClusterRoleBinding'),
    ['clusterrole'],
  ),
  generator(
    'configmap',
    ['cm'],
    'Create a config map from a local file, directory or literal value',
    'NAME [--from-file=[key=]source] [--from-literal=key1=value1]',
    FROM,
    'ConfigMap',
    generatedConfigMap,
  ),
  generator(
    'deployment',
    ['deploy'],
    'Create a deployment with the specified name',
    'NAME --image=image -- [COMMAND] [args...]',
    'image=[] port=-1 r replicas=1',
    'Deployment',
    generatedDeployment,
    ['image'],
  ),
  generator(
    'namespace',
    ['ns'],
    'Create a namespace with the specified name',
    'NAME',
    '',
    'Namespace',
    function* (_, name) {
      return ok({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: {} });
    },
  ),
  generator(
    'priorityclass',
    ['pc'],
    'Create a priority class with the specified name',
    'NAME --value=VALUE --global-default=BOOL',
    "description='' global-default=false preemption-policy='PreemptLowerPriority' value=0",
    'PriorityClass',
    function* (session, name) {
      const { flags } = session;
      return ok({
        apiVersion: 'scheduling.k8s.io/v1',
        ...(flags.text('description') === '' ? {} : { description: flags.text('description') }),
        ...(flags.bool('global-default') ? { globalDefault: true } : {}),
        kind: 'PriorityClass',
        metadata: { name },
        preemptionPolicy: flags.text('preemption-policy'),
        value: flags.int('value'),
      });
    },
  ),
  generator(
    'role',
    [],
    'Create a role with single rule',
    'NAME --verb=verb --resource=resource.group/subresource',
    RULES,
    'Role',
    generatedRole,
  ),
  generator(
    'rolebinding',
    [],
    'Create a role binding for a particular role or cluster role',
    'NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname]',
    `${SUBJECTS} role=''`,
    'RoleBinding',
    bindingGenerator('RoleBinding'),
  ),
  secret,
  service,
  generator(
    'serviceaccount',
    ['sa'],
    'Create a service account with the specified name',
    'NAME',
    '',
    'ServiceAccount',
    function* (_, name) {
      return ok({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
    },
  ),
  createToken,
  generator(
    'cronjob',
    ['cj'],
    'Create a cron job with the specified name',
    "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
    "image='' restart='' schedule=''",
    'CronJob',
    generatedCronJob,
    ['image', 'schedule'],
  ),
  generator(
    'ingress',
    ['ing'],
    'Create an ingress with the specified name',
    'NAME --rule=host/path=service:port[,tls[=secret]] ',
    "annotation=[*] class='' default-backend='' rule=[*]",
    'Ingress',
    generatedIngress,
  ),
  generator(
    'job',
    [],
    'Create a job with the specified name',
    'NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]',
    "from='' image=''",
    'Job',
    generatedJob,
  ),
  generator(
    'poddisruptionbudget',
    ['pdb'],
    'Create a pod disruption budget with the specified name',
    'NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]',
    "max-unavailable='' min-available='' selector=''",
    'PodDisruptionBudget',
    generatedBudget,
  ),
  generator(
    'quota',
    ['resourcequota'],
    'Create a quota with the specified name',
    'NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]',
    "hard='' scopes=''",
    'ResourceQuota',
    generatedQuota,
  ),
];
