/**
 * The names of kube-apiserver's flags (cmd/kube-apiserver/app/options and component-base, v1.34):
 * those that the server obeys, those that it knows and that change nothing here (the log says so),
 * and those that it must refuse because ignoring them would open a door or lose data.
 */
import type { FlagTypes } from '../client/flags.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const OBEYED_FLAGS = words(`
advertise-address allow-privileged anonymous-auth api-audiences authorization-mode bind-address
client-ca-file disable-admission-plugins enable-admission-plugins endpoint-reconciler-type
etcd-cafile etcd-certfile etcd-compaction-interval etcd-keyfile etcd-prefix etcd-servers event-ttl
kubelet-certificate-authority kubelet-client-certificate kubelet-client-key
kubelet-preferred-address-types kubelet-timeout max-mutating-requests-inflight
max-requests-inflight min-request-timeout request-timeout secure-port service-account-issuer
service-account-key-file service-account-max-token-expiration service-account-signing-key-file
service-cluster-ip-range service-node-port-range storage-backend tls-cert-file
tls-private-key-file`);

const IDLE_FLAGS = words(`
aggregator-reject-forwarding-redirect allow-metric-labels allow-metric-labels-manifest
audit-log-batch-buffer-size audit-log-batch-max-size audit-log-batch-max-wait
audit-log-batch-throttle-burst audit-log-batch-throttle-enable audit-log-batch-throttle-qps
audit-log-compress audit-log-format audit-log-maxage audit-log-maxbackup audit-log-maxsize
audit-log-mode audit-log-path audit-log-truncate-enabled audit-log-truncate-max-batch-size
audit-log-truncate-max-event-size audit-log-version audit-policy-file
audit-webhook-batch-buffer-size audit-webhook-batch-initial-backoff audit-webhook-batch-max-size
audit-webhook-batch-max-wait audit-webhook-batch-throttle-burst
audit-webhook-batch-throttle-enable audit-webhook-batch-throttle-qps audit-webhook-config-file
audit-webhook-initial-backoff audit-webhook-mode audit-webhook-truncate-enabled
audit-webhook-truncate-max-batch-size audit-webhook-truncate-max-event-size audit-webhook-version
authentication-token-webhook-cache-ttl authentication-token-webhook-version
authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
authorization-webhook-version cert-dir contention-profiling coordinated-leadership-lease-duration
coordinated-leadership-renew-deadline coordinated-leadership-retry-period cors-allowed-origins
debug-socket-path default-not-ready-toleration-seconds default-unreachable-toleration-seconds
default-watch-cache-size delete-collection-workers disable-http2-serving disabled-metrics
egress-selector-config-file emulated-version emulation-forward-compatible
enable-aggregator-routing enable-bootstrap-token-auth enable-garbage-collector enable-logs-handler
enable-priority-and-fairness encryption-provider-config encryption-provider-config-automatic-reload
etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout
etcd-readycheck-timeout etcd-servers-overrides external-hostname feature-gates goaway-chance
http2-max-streams-per-connection identity-lease-duration-seconds
identity-lease-renew-interval-seconds kubelet-port kubernetes-service-node-port lease-reuse-duration-seconds
livez-grace-period log-flush-frequency log-json-info-buffer-size log-json-split-stream
log-text-info-buffer-size log-text-split-stream logging-format max-connection-bytes-per-sec
min-compatibility-version oidc-groups-claim oidc-groups-prefix oidc-required-claim
oidc-signing-algs oidc-username-claim oidc-username-prefix peer-advertise-ip peer-advertise-port
peer-ca-file permit-address-sharing permit-port-sharing profiling proxy-client-cert-file
proxy-client-key-file requestheader-allowed-names requestheader-client-ca-file
requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers
requestheader-username-headers runtime-config runtime-config-emulation-forward-compatible
service-account-extend-token-expiration service-account-lookup show-hidden-metrics-for-version
shutdown-delay-duration shutdown-send-retry-after shutdown-watch-termination-grace-period
storage-initialization-timeout storage-media-type strict-transport-security-directives
tls-cipher-suites tls-curve-preferences tls-min-version tls-sni-cert-key
tracing-config-file v vmodule watch-cache watch-cache-sizes`);

/** Other ways to prove who one is, or to decide who may: they are not here, and silence would lie. */
export const REFUSED_FLAGS = words(`
admission-control-config-file authentication-config authentication-token-webhook-config-file
authorization-config authorization-policy-file authorization-webhook-config-file oidc-ca-file
oidc-client-id oidc-issuer-url service-account-jwks-uri service-account-signing-endpoint
token-auth-file`);

export const KNOWN_FLAGS: readonly string[] = [...OBEYED_FLAGS, ...IDLE_FLAGS, ...REFUSED_FLAGS];

export const SWITCHES = words(`
allow-privileged anonymous-auth audit-log-compress contention-profiling disable-http2-serving
emulation-forward-compatible enable-aggregator-routing enable-bootstrap-token-auth
enable-garbage-collector enable-logs-handler enable-priority-and-fairness permit-address-sharing
permit-port-sharing profiling service-account-extend-token-expiration service-account-lookup
shutdown-send-retry-after watch-cache`);

export const FLAG_TYPES: FlagTypes = {
  int: words(`max-mutating-requests-inflight max-requests-inflight min-request-timeout secure-port
default-not-ready-toleration-seconds default-unreachable-toleration-seconds
default-watch-cache-size delete-collection-workers`),
  duration: words(`etcd-compaction-interval event-ttl kubelet-timeout livez-grace-period
request-timeout service-account-max-token-expiration shutdown-delay-duration`),
};

/** Every admission plugin of the release (pkg/kubeapiserver/options/plugins.go). */
export const ADMISSION_PLUGINS = words(`
AlwaysAdmit NamespaceAutoProvision NamespaceLifecycle NamespaceExists LimitPodHardAntiAffinityTopology
LimitRanger ServiceAccount NodeRestriction TaintNodesByCondition AlwaysPullImages ImagePolicyWebhook
PodSecurity PodNodeSelector Priority DefaultTolerationSeconds PodTolerationRestriction EventRateLimit
ExtendedResourceToleration DefaultStorageClass StorageObjectInUseProtection
OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize RuntimeClass CertificateApproval
CertificateSigning ClusterTrustBundleAttest CertificateSubjectRestriction DefaultIngressClass
PodTopologyLabels DenyServiceExternalIPs MutatingAdmissionPolicy MutatingAdmissionWebhook
ValidatingAdmissionPolicy ValidatingAdmissionWebhook ResourceQuota AlwaysDeny`);
