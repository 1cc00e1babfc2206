/**
 * Names of Go types, for the decoder's messages ("… of type v1.RestartPolicy"). Built from the schema
 * where it says enough; strings that have a named type in Go are listed here by struct and field.
 */
import type { Definition, Field, Shape } from './schema.ts';

/** `Struct.field` → the named string type, in package v1 unless it has a dot. */
const NAMED: ReadonlyMap<string, string> = new Map(
  `ServiceSpec.type ServiceType;ServiceSpec.sessionAffinity ServiceAffinity;ServiceSpec.ipFamilies IPFamily;
ServiceSpec.ipFamilyPolicy IPFamilyPolicy;ServiceSpec.externalTrafficPolicy ServiceExternalTrafficPolicy;
ServiceSpec.internalTrafficPolicy ServiceInternalTrafficPolicy;ServicePort.protocol Protocol;
ContainerPort.protocol Protocol;EndpointPort.protocol Protocol;PodSpec.restartPolicy RestartPolicy;
PodSpec.dnsPolicy DNSPolicy;PodSpec.preemptionPolicy PreemptionPolicy;Container.imagePullPolicy PullPolicy;
Container.terminationMessagePolicy TerminationMessagePolicy;Container.restartPolicy ContainerRestartPolicy;
EphemeralContainer.imagePullPolicy PullPolicy;Toleration.operator TolerationOperator;
Toleration.effect TaintEffect;Taint.effect TaintEffect;HTTPGetAction.scheme URIScheme;
EmptyDirVolumeSource.medium StorageMedium;HostPathVolumeSource.type HostPathType;PodStatus.phase PodPhase;
PodStatus.qosClass PodQOSClass;PodCondition.type PodConditionType;PodCondition.status ConditionStatus;
NodeCondition.type NodeConditionType;NodeCondition.status ConditionStatus;NodeAddress.type NodeAddressType;
NamespaceStatus.phase NamespacePhase;NamespaceSpec.finalizers FinalizerName;Secret.type SecretType;
ObjectMeta.uid types.UID;OwnerReference.uid types.UID;ObjectReference.uid types.UID;
LabelSelectorRequirement.operator LabelSelectorOperator;NodeSelectorRequirement.operator NodeSelectorOperator;
DeploymentStrategy.type DeploymentStrategyType;DeploymentCondition.type DeploymentConditionType;
DeploymentCondition.status ConditionStatus;EndpointSlice.addressType AddressType;
VolumeMount.mountPropagation MountPropagationMode;Capabilities.add Capability;Capabilities.drop Capability;
SeccompProfile.type SeccompProfileType;TopologySpreadConstraint.whenUnsatisfiable UnsatisfiableConstraintAction;
PodSecurityContext.fsGroupChangePolicy PodFSGroupChangePolicy;PodOS.name OSName;HTTPHeader.name string`
    .split(';')
    .map((entry) => entry.trim().split(' ') as [string, string]),
);

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  boolean: 'bool',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  intOrString: 'intstr.IntOrString',
  any: 'v1.FieldsV1',
};

/** The Go type of a shape found at a field: `[]v1.Container`, `map[string]string`, `int32`. */
export function goTypeOf(shape: Shape, owner: Definition, field: Field): string {
  if (shape.kind === 'array') return `[]${goTypeOf(shape.of as Shape, owner, field)}`;
  if (shape.kind === 'map') {
    const of = goTypeOf(shape.of as Shape, owner, field);
    return of === 'resource.Quantity' ? 'v1.ResourceList' : `map[string]${of}`;
  }
  if (shape.kind === 'object') {
    const parts = shape.ref.split('.');
    return `${parts[parts.length - 2] as string}.${parts[parts.length - 1] as string}`;
  }
  if (shape.kind === 'string') {
    const named = NAMED.get(`${owner.shortName}.${field.name}`);
    if (named !== undefined)
      return named.includes('.') || named === 'string' ? named : `v1.${named}`;
  }
  return SCALARS[shape.kind] ?? 'string';
}
