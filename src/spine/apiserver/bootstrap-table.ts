/**
 * The RBAC objects that a fresh API server makes by itself (pkg plugin/pkg/auth/authorizer/rbac/
 * bootstrappolicy, v1.34) and those that kubeadm adds. Written by tests/support/
 * make-bootstrap-table.mjs; do not edit by hand.
 *
 * A rule is [apiGroups, resources, verbs] or [apiGroups, resources, verbs, resourceNames], texts that
 * are split at commas (an empty piece is the core group), or {urls, verbs}. A binding is [role,
 * subject, …] with subjects `User:name`, `Group:name`, `SA:namespace/name`. Names of namespaced
 * objects are `namespace/name`.
 */
export type RuleRow = readonly string[] | { readonly urls: string; readonly verbs: string };
export type RoleRow =
  | readonly RuleRow[]
  | {
      readonly rules?: readonly RuleRow[];
      readonly labels?: Readonly<Record<string, string>>;
      /** Rules are the union of the roles with this aggregation label. */
      readonly aggregate?: string;
    };

export interface RbacTable {
  readonly clusterRoles: Readonly<Record<string, RoleRow>>;
  readonly roles: Readonly<Record<string, RoleRow>>;
  readonly clusterRoleBindings: Readonly<Record<string, readonly string[]>>;
  readonly roleBindings: Readonly<Record<string, readonly string[]>>;
}

export const BOOTSTRAP_RBAC: RbacTable = {
  clusterRoles: {
    "admin": {"aggregate":"admin"},
    "cluster-admin": [["*","*","*"],{"urls":"*","verbs":"*"}],
    "edit": {"aggregate":"edit","labels":{"rbac.authorization.k8s.io/aggregate-to-admin":"true"}},
    "system:aggregate-to-admin": {"labels":{"rbac.authorization.k8s.io/aggregate-to-admin":"true"},"rules":[["authorization.k8s.io","localsubjectaccessreviews","create"],["rbac.authorization.k8s.io","rolebindings,roles","create,delete,deletecollection,get,list,patch,update,watch"]]},
    "system:aggregate-to-edit": {"labels":{"rbac.authorization.k8s.io/aggregate-to-edit":"true"},"rules":[["","pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy","get,list,watch"],["","serviceaccounts","impersonate"],["","pods,pods/attach,pods/exec,pods/portforward,pods/proxy","create,delete,deletecollection,patch,update"],["","pods/eviction","create"],["","configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy","create,delete,deletecollection,patch,update"],["","serviceaccounts/token","create"],["apps","daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale","create,delete,deletecollection,patch,update"],["autoscaling","horizontalpodautoscalers","create,delete,deletecollection,patch,update"],["batch","cronjobs,jobs","create,delete,deletecollection,patch,update"],["extensions","daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale","create,delete,deletecollection,patch,update"],["policy","poddisruptionbudgets","create,delete,deletecollection,patch,update"],["networking.k8s.io","ingresses,networkpolicies","create,delete,deletecollection,patch,update"],["coordination.k8s.io","leases","create,delete,deletecollection,get,list,patch,update,watch"],["resource.k8s.io","resourceclaims,resourceclaimtemplates","create,delete,deletecollection,patch,update"]]},
    "system:aggregate-to-view": {"labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"},"rules":[["","configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status","get,list,watch"],["","bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status","get,list,watch"],["","namespaces","get,list,watch"],["discovery.k8s.io","endpointslices","get,list,watch"],["apps","controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status","get,list,watch"],["autoscaling","horizontalpodautoscalers,horizontalpodautoscalers/status","get,list,watch"],["batch","cronjobs,cronjobs/status,jobs,jobs/status","get,list,watch"],["extensions","daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale","get,list,watch"],["policy","poddisruptionbudgets,poddisruptionbudgets/status","get,list,watch"],["networking.k8s.io","ingresses,ingresses/status,networkpolicies","get,list,watch"],["resource.k8s.io","resourceclaims,resourceclaims/status,resourceclaimtemplates","get,list,watch"]]},
    "system:auth-delegator": [["authentication.k8s.io","tokenreviews","create"],["authorization.k8s.io","subjectaccessreviews","create"]],
    "system:basic-user": [["authorization.k8s.io","selfsubjectaccessreviews,selfsubjectrulesreviews","create"],["authentication.k8s.io","selfsubjectreviews","create"]],
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient": [["certificates.k8s.io","certificatesigningrequests/nodeclient","create"]],
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": [["certificates.k8s.io","certificatesigningrequests/selfnodeclient","create"]],
    "system:certificates.k8s.io:kube-apiserver-client-approver": [["certificates.k8s.io","signers","approve","kubernetes.io/kube-apiserver-client"]],
    "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver": [["certificates.k8s.io","signers","approve","kubernetes.io/kube-apiserver-client-kubelet"]],
    "system:certificates.k8s.io:kubelet-serving-approver": [["certificates.k8s.io","signers","approve","kubernetes.io/kubelet-serving"]],
    "system:certificates.k8s.io:legacy-unknown-approver": [["certificates.k8s.io","signers","approve","kubernetes.io/legacy-unknown"]],
    "system:discovery": [{"urls":"/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/","verbs":"get"}],
    "system:heapster": [["","events,namespaces,nodes,pods","get,list,watch"],["extensions","deployments","get,list,watch"]],
    "system:kube-aggregator": [["","endpoints,services","get,list,watch"]],
    "system:kube-controller-manager": [[",events.k8s.io","events","create,patch,update"],["coordination.k8s.io","leases","create"],["coordination.k8s.io","leases","get,update","kube-controller-manager"],["","secrets,serviceaccounts","create"],["","secrets","delete"],["","configmaps,namespaces,secrets,serviceaccounts","get"],["","secrets,serviceaccounts","update"],["authentication.k8s.io","tokenreviews","create"],["authorization.k8s.io","subjectaccessreviews","create"],["*","*","list,watch"],["","serviceaccounts/token","create"]],
    "system:kube-dns": [["","endpoints,services","list,watch"]],
    "system:kube-scheduler": [[",events.k8s.io","events","create,patch,update"],["coordination.k8s.io","leases","create"],["coordination.k8s.io","leases","get,list,update,watch","kube-scheduler"],["coordination.k8s.io","leasecandidates","create,delete,deletecollection,get,list,patch,update,watch"],["","nodes","get,list,watch"],["","pods","delete,get,list,watch"],["","bindings,pods/binding","create"],["","pods/status","patch,update"],["","replicationcontrollers,services","get,list,watch"],["apps,extensions","replicasets","get,list,watch"],["apps","statefulsets","get,list,watch"],["policy","poddisruptionbudgets","get,list,watch"],["","persistentvolumeclaims,persistentvolumes","get,list,watch"],["authentication.k8s.io","tokenreviews","create"],["authorization.k8s.io","subjectaccessreviews","create"],["storage.k8s.io","csinodes","get,list,watch"],["storage.k8s.io","volumeattachments","get,list,watch"],["","namespaces","get,list,watch"],["storage.k8s.io","csidrivers","get,list,watch"],["storage.k8s.io","csistoragecapacities","get,list,watch"],["resource.k8s.io","deviceclasses","get,list,watch"],["resource.k8s.io","resourceclaims","get,list,patch,update,watch"],["resource.k8s.io","resourceclaims/status","get,list,patch,update,watch"],["","pods/finalizers","get,list,patch,update,watch"],["resource.k8s.io","resourceslices","get,list,watch"]],
    "system:kubelet-api-admin": [["","nodes","get,list,watch"],["","nodes","proxy"],["","nodes/log,nodes/metrics,nodes/proxy,nodes/stats","*"],["","nodes/configz,nodes/healthz,nodes/pods","*"]],
    "system:monitoring": [{"urls":"/healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,/readyz/*","verbs":"get"}],
    "system:node": [["authentication.k8s.io","tokenreviews","create"],["authorization.k8s.io","localsubjectaccessreviews,subjectaccessreviews","create"],["","services","get,list,watch"],["","nodes","create,get,list,watch"],["","nodes/status","patch,update"],["","nodes","patch,update"],["","events","create,patch,update"],["","pods","get,list,watch"],["","pods","create,delete"],["","pods/status","patch,update"],["","pods/eviction","create"],["","configmaps,secrets","get,list,watch"],["","persistentvolumeclaims,persistentvolumes","get"],["","endpoints","get"],["certificates.k8s.io","certificatesigningrequests","create,get,list,watch"],["coordination.k8s.io","leases","create,delete,get,patch,update"],["storage.k8s.io","volumeattachments","get"],["","serviceaccounts/token","create"],["","persistentvolumeclaims/status","get,patch,update"],["storage.k8s.io","csidrivers","get,list,watch"],["storage.k8s.io","csinodes","create,delete,get,patch,update"],["node.k8s.io","runtimeclasses","get,list,watch"],["resource.k8s.io","resourceclaims","get"],["resource.k8s.io","resourceslices","deletecollection"],["","serviceaccounts","get"]],
    "system:node-bootstrapper": [["certificates.k8s.io","certificatesigningrequests","create,get,list,watch"]],
    "system:node-problem-detector": [["","nodes","get"],["","nodes/status","patch"],[",events.k8s.io","events","create,patch,update"]],
    "system:node-proxier": [["","endpoints,services","list,watch"],["","nodes","get,list,watch"],[",events.k8s.io","events","create,patch,update"],["networking.k8s.io","servicecidrs","list,watch"],["discovery.k8s.io","endpointslices","list,watch"]],
    "system:persistent-volume-provisioner": [["","persistentvolumes","create,delete,get,list,watch"],["","persistentvolumeclaims","get,list,update,watch"],["storage.k8s.io","storageclasses","get,list,watch"],["","events","watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:public-info-viewer": [{"urls":"/healthz,/livez,/readyz,/version,/version/","verbs":"get"}],
    "system:service-account-issuer-discovery": [{"urls":"/.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/","verbs":"get"}],
    "system:volume-scheduler": [["","persistentvolumes","get,list,patch,update,watch"],["storage.k8s.io","storageclasses","get,list,watch"],["","persistentvolumeclaims","get,list,patch,update,watch"]],
    "view": {"aggregate":"view","labels":{"rbac.authorization.k8s.io/aggregate-to-edit":"true"}},
    "system:controller:attachdetach-controller": [["","persistentvolumeclaims,persistentvolumes","list,watch"],["","nodes","get,list,watch"],["","nodes/status","patch,update"],["","pods","list,watch"],[",events.k8s.io","events","create,patch,update"],["storage.k8s.io","volumeattachments","create,delete,get,list,watch"],["storage.k8s.io","csidrivers","get,list,watch"],["storage.k8s.io","csinodes","get,list,watch"]],
    "system:controller:certificate-controller": [["certificates.k8s.io","certificatesigningrequests","delete,get,list,watch"],["certificates.k8s.io","certificatesigningrequests/approval,certificatesigningrequests/status","update"],["certificates.k8s.io","signers","approve","kubernetes.io/kube-apiserver-client-kubelet"],["certificates.k8s.io","signers","sign","kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown"],["authorization.k8s.io","subjectaccessreviews","create"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:clusterrole-aggregation-controller": [["rbac.authorization.k8s.io","clusterroles","escalate,get,list,patch,update,watch"]],
    "system:controller:cronjob-controller": [["batch","cronjobs","get,list,update,watch"],["batch","jobs","create,delete,get,list,patch,update,watch"],["batch","cronjobs/status","update"],["batch","cronjobs/finalizers","update"],["","pods","delete,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:daemon-set-controller": [["apps,extensions","daemonsets","get,list,watch"],["apps,extensions","daemonsets/status","update"],["apps,extensions","daemonsets/finalizers","update"],["","nodes","list,watch"],["","pods","create,delete,list,patch,watch"],["","pods/binding","create"],["apps","controllerrevisions","create,delete,get,list,patch,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:deployment-controller": [["apps,extensions","deployments","get,list,update,watch"],["apps,extensions","deployments/status","update"],["apps,extensions","deployments/finalizers","update"],["apps,extensions","replicasets","create,delete,get,list,patch,update,watch"],["","pods","get,list,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:disruption-controller": [["apps,extensions","deployments","get,list,watch"],["apps,extensions","replicasets","get,list,watch"],["","replicationcontrollers","get,list,watch"],["policy","poddisruptionbudgets","get,list,watch"],["apps","statefulsets","get,list,watch"],["policy","poddisruptionbudgets/status","update"],["","pods/status","patch,update"],["*","*/scale","get"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:endpoint-controller": [["","pods,services","get,list,watch"],["","endpoints","create,delete,get,list,update,watch"],["","endpoints/restricted","create"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:endpointslice-controller": [["","nodes,pods,services","get,list,watch"],["","services/finalizers","update"],["discovery.k8s.io","endpointslices","create,delete,get,list,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:endpointslicemirroring-controller": [["","endpoints,services","get,list,watch"],["","services/finalizers","update"],["","endpoints/finalizers","update"],["discovery.k8s.io","endpointslices","create,delete,get,list,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:ephemeral-volume-controller": [["","pods","get,list,watch"],["","pods/finalizers","update"],["","persistentvolumeclaims","create,get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:expand-controller": [["","persistentvolumes","get,list,patch,update,watch"],["","persistentvolumeclaims/status","patch,update"],["","persistentvolumeclaims","get,list,watch"],[",events.k8s.io","events","create,patch,update"],["","services","get"]],
    "system:controller:generic-garbage-collector": [["*","*","delete,get,list,patch,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:horizontal-pod-autoscaler": [["autoscaling","horizontalpodautoscalers","get,list,watch"],["autoscaling","horizontalpodautoscalers/status","update"],["*","*/scale","get,update"],["","pods","list,watch"],["metrics.k8s.io","pods","list,watch"],["custom.metrics.k8s.io","*","get,list,watch"],["external.metrics.k8s.io","*","get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:job-controller": [["batch","jobs","get,list,patch,update,watch"],["batch","jobs/status","update"],["batch","jobs/finalizers","update"],["","pods","create,delete,list,patch,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:legacy-service-account-token-cleaner": [["","configmaps","get","kube-apiserver-legacy-service-account-token-tracking"],["","secrets","delete,patch"]],
    "system:controller:namespace-controller": [["","namespaces","delete,get,list,watch"],["","namespaces/finalize,namespaces/status","update"],["*","*","delete,deletecollection,get,list,watch"]],
    "system:controller:node-controller": [["","nodes","delete,get,list,patch,update,watch"],["","nodes/status","patch,update"],["","pods/status","patch,update"],["","pods","delete,get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:persistent-volume-binder": [["","persistentvolumes","create,delete,get,list,update,watch"],["","persistentvolumes/status","update"],["","persistentvolumeclaims","get,list,update,watch"],["","persistentvolumeclaims/status","update"],["","pods","create,delete,get,list,watch"],["storage.k8s.io","storageclasses","get,list,watch"],["","nodes","list,watch"],[",events.k8s.io","events","create,patch,update"],["","events","watch"],["","services","get"]],
    "system:controller:pod-garbage-collector": [["","pods","delete,list,watch"],["","nodes","get,list,watch"],["","pods/status","patch"]],
    "system:controller:pv-protection-controller": [["","persistentvolumes","get,list,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:pvc-protection-controller": [["","persistentvolumeclaims","get,list,update,watch"],["","pods","get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:replicaset-controller": [["apps,extensions","replicasets","get,list,update,watch"],["apps,extensions","replicasets/status","update"],["apps,extensions","replicasets/finalizers","update"],["","pods","create,delete,list,patch,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:replication-controller": [["","replicationcontrollers","get,list,update,watch"],["","replicationcontrollers/status","update"],["","replicationcontrollers/finalizers","update"],["","pods","create,delete,list,patch,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:resource-claim-controller": [["","pods","get,list,watch"],["","pods/finalizers","update"],["resource.k8s.io","resourceclaims","create,delete,get,list,watch"],["resource.k8s.io","resourceclaims,resourceclaims/status","patch,update"],["","pods/status","patch,update"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:resourcequota-controller": [["*","*","list,watch"],["","resourcequotas/status","update"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:root-ca-cert-publisher": [["","configmaps","create,update"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:route-controller": [["","nodes","list,watch"],["","nodes/status","patch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:selinux-warning-controller": [[",events.k8s.io","events","create,patch,update"],["","persistentvolumes","get,list,watch"],["","persistentvolumeclaims","get,list,watch"],["","pods","get,list,watch"],["storage.k8s.io","csidrivers","get,list,watch"]],
    "system:controller:service-account-controller": [["","serviceaccounts","create"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:service-cidrs-controller": [["networking.k8s.io","servicecidrs","get,list,patch,update,watch"],["networking.k8s.io","servicecidrs/finalizers","patch,update"],["networking.k8s.io","servicecidrs/status","patch,update"],["networking.k8s.io","ipaddresses","get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:service-controller": [["","services","get,list,watch"],["","services/status","patch,update"],["","nodes","list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:statefulset-controller": [["","pods","list,watch"],["apps","statefulsets","get,list,watch"],["apps","statefulsets/status","update"],["apps","statefulsets/finalizers","update"],["","pods","create,delete,get,patch,update"],["apps","controllerrevisions","create,delete,get,list,patch,update,watch"],["","persistentvolumeclaims","create,get,list,watch"],["","persistentvolumeclaims","delete,update"],["","pods/finalizers","update"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:ttl-after-finished-controller": [["batch","jobs","delete,get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:ttl-controller": [["","nodes","list,patch,update,watch"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:validatingadmissionpolicy-status-controller": [["admissionregistration.k8s.io","validatingadmissionpolicies","get,list,watch"],["admissionregistration.k8s.io","validatingadmissionpolicies/status","get,patch,update"],[",events.k8s.io","events","create,patch,update"]],
    "system:controller:volumeattributesclass-protection-controller": [["","persistentvolumeclaims","get,list,watch"],["","persistentvolumes","get,list,watch"],["storage.k8s.io","volumeattributesclasses","get,list,update,watch"],[",events.k8s.io","events","create,patch,update"]],
  },
  roles: {
    "kube-public/system:controller:bootstrap-signer": [["","configmaps","get,list,watch"],["","configmaps","update","cluster-info"],[",events.k8s.io","events","create,patch,update"]],
    "kube-system/extension-apiserver-authentication-reader": [["","configmaps","get,list,watch","extension-apiserver-authentication"]],
    "kube-system/system::leader-locking-kube-controller-manager": [["coordination.k8s.io","leases","create,get,list,update,watch"],["coordination.k8s.io","leasecandidates","create,get,list,update,watch"]],
    "kube-system/system::leader-locking-kube-scheduler": [["coordination.k8s.io","leases","create,get,list,update,watch"],["coordination.k8s.io","leasecandidates","create,get,list,update,watch"]],
    "kube-system/system:controller:bootstrap-signer": [["","secrets","get,list,watch"]],
    "kube-system/system:controller:cloud-provider": [["","configmaps","create,get,list,watch"]],
    "kube-system/system:controller:token-cleaner": [["","secrets","delete,get,list,watch"],[",events.k8s.io","events","create,patch,update"]],
  },
  clusterRoleBindings: {
    "cluster-admin": ["cluster-admin","Group:system:masters"],
    "system:basic-user": ["system:basic-user","Group:system:authenticated"],
    "system:discovery": ["system:discovery","Group:system:authenticated"],
    "system:kube-controller-manager": ["system:kube-controller-manager","User:system:kube-controller-manager"],
    "system:kube-dns": ["system:kube-dns","SA:kube-system/kube-dns"],
    "system:kube-scheduler": ["system:kube-scheduler","User:system:kube-scheduler"],
    "system:monitoring": ["system:monitoring","Group:system:monitoring"],
    "system:node": ["system:node"],
    "system:node-proxier": ["system:node-proxier","User:system:kube-proxy"],
    "system:public-info-viewer": ["system:public-info-viewer","Group:system:authenticated","Group:system:unauthenticated"],
    "system:service-account-issuer-discovery": ["system:service-account-issuer-discovery","Group:system:serviceaccounts"],
    "system:volume-scheduler": ["system:volume-scheduler","User:system:kube-scheduler"],
    "system:controller:attachdetach-controller": ["system:controller:attachdetach-controller","SA:kube-system/attachdetach-controller"],
    "system:controller:certificate-controller": ["system:controller:certificate-controller","SA:kube-system/certificate-controller"],
    "system:controller:clusterrole-aggregation-controller": ["system:controller:clusterrole-aggregation-controller","SA:kube-system/clusterrole-aggregation-controller"],
    "system:controller:cronjob-controller": ["system:controller:cronjob-controller","SA:kube-system/cronjob-controller"],
    "system:controller:daemon-set-controller": ["system:controller:daemon-set-controller","SA:kube-system/daemon-set-controller"],
    "system:controller:deployment-controller": ["system:controller:deployment-controller","SA:kube-system/deployment-controller"],
    "system:controller:disruption-controller": ["system:controller:disruption-controller","SA:kube-system/disruption-controller"],
    "system:controller:endpoint-controller": ["system:controller:endpoint-controller","SA:kube-system/endpoint-controller"],
    "system:controller:endpointslice-controller": ["system:controller:endpointslice-controller","SA:kube-system/endpointslice-controller"],
    "system:controller:endpointslicemirroring-controller": ["system:controller:endpointslicemirroring-controller","SA:kube-system/endpointslicemirroring-controller"],
    "system:controller:ephemeral-volume-controller": ["system:controller:ephemeral-volume-controller","SA:kube-system/ephemeral-volume-controller"],
    "system:controller:expand-controller": ["system:controller:expand-controller","SA:kube-system/expand-controller"],
    "system:controller:generic-garbage-collector": ["system:controller:generic-garbage-collector","SA:kube-system/generic-garbage-collector"],
    "system:controller:horizontal-pod-autoscaler": ["system:controller:horizontal-pod-autoscaler","SA:kube-system/horizontal-pod-autoscaler"],
    "system:controller:job-controller": ["system:controller:job-controller","SA:kube-system/job-controller"],
    "system:controller:legacy-service-account-token-cleaner": ["system:controller:legacy-service-account-token-cleaner","SA:kube-system/legacy-service-account-token-cleaner"],
    "system:controller:namespace-controller": ["system:controller:namespace-controller","SA:kube-system/namespace-controller"],
    "system:controller:node-controller": ["system:controller:node-controller","SA:kube-system/node-controller"],
    "system:controller:persistent-volume-binder": ["system:controller:persistent-volume-binder","SA:kube-system/persistent-volume-binder"],
    "system:controller:pod-garbage-collector": ["system:controller:pod-garbage-collector","SA:kube-system/pod-garbage-collector"],
    "system:controller:pv-protection-controller": ["system:controller:pv-protection-controller","SA:kube-system/pv-protection-controller"],
    "system:controller:pvc-protection-controller": ["system:controller:pvc-protection-controller","SA:kube-system/pvc-protection-controller"],
    "system:controller:replicaset-controller": ["system:controller:replicaset-controller","SA:kube-system/replicaset-controller"],
    "system:controller:replication-controller": ["system:controller:replication-controller","SA:kube-system/replication-controller"],
    "system:controller:resource-claim-controller": ["system:controller:resource-claim-controller","SA:kube-system/resource-claim-controller"],
    "system:controller:resourcequota-controller": ["system:controller:resourcequota-controller","SA:kube-system/resourcequota-controller"],
    "system:controller:root-ca-cert-publisher": ["system:controller:root-ca-cert-publisher","SA:kube-system/root-ca-cert-publisher"],
    "system:controller:route-controller": ["system:controller:route-controller","SA:kube-system/route-controller"],
    "system:controller:selinux-warning-controller": ["system:controller:selinux-warning-controller","SA:kube-system/selinux-warning-controller"],
    "system:controller:service-account-controller": ["system:controller:service-account-controller","SA:kube-system/service-account-controller"],
    "system:controller:service-cidrs-controller": ["system:controller:service-cidrs-controller","SA:kube-system/service-cidrs-controller"],
    "system:controller:service-controller": ["system:controller:service-controller","SA:kube-system/service-controller"],
    "system:controller:statefulset-controller": ["system:controller:statefulset-controller","SA:kube-system/statefulset-controller"],
    "system:controller:ttl-after-finished-controller": ["system:controller:ttl-after-finished-controller","SA:kube-system/ttl-after-finished-controller"],
    "system:controller:ttl-controller": ["system:controller:ttl-controller","SA:kube-system/ttl-controller"],
    "system:controller:validatingadmissionpolicy-status-controller": ["system:controller:validatingadmissionpolicy-status-controller","SA:kube-system/validatingadmissionpolicy-status-controller"],
    "system:controller:volumeattributesclass-protection-controller": ["system:controller:volumeattributesclass-protection-controller","SA:kube-system/volumeattributesclass-protection-controller"],
  },
  roleBindings: {
    "kube-public/system:controller:bootstrap-signer": ["system:controller:bootstrap-signer","SA:kube-system/bootstrap-signer"],
    "kube-system/system::extension-apiserver-authentication-reader": ["extension-apiserver-authentication-reader","User:system:kube-controller-manager","User:system:kube-scheduler"],
    "kube-system/system::leader-locking-kube-controller-manager": ["system::leader-locking-kube-controller-manager","User:system:kube-controller-manager","SA:kube-system/kube-controller-manager","SA:kube-system/leader-election-controller"],
    "kube-system/system::leader-locking-kube-scheduler": ["system::leader-locking-kube-scheduler","User:system:kube-scheduler","SA:kube-system/kube-scheduler"],
    "kube-system/system:controller:bootstrap-signer": ["system:controller:bootstrap-signer","SA:kube-system/bootstrap-signer"],
    "kube-system/system:controller:cloud-provider": ["system:controller:cloud-provider","SA:kube-system/cloud-provider"],
    "kube-system/system:controller:token-cleaner": ["system:controller:token-cleaner","SA:kube-system/token-cleaner"],
  },
};

/** What `kubeadm init` adds. */
export const KUBEADM_RBAC: RbacTable = {
  clusterRoles: {
    "kubeadm:get-nodes": [["","nodes","get"]],
    "system:coredns": [["","endpoints,services,pods,namespaces","list,watch"],["discovery.k8s.io","endpointslices","list,watch"]],
  },
  roles: {
    "kube-public/kubeadm:bootstrap-signer-clusterinfo": [["","configmaps","get","cluster-info"]],
    "kube-system/kube-proxy": [["","configmaps","get","kube-proxy"]],
    "kube-system/kubeadm:kubelet-config": [["","configmaps","get","kubelet-config"]],
    "kube-system/kubeadm:nodes-kubeadm-config": [["","configmaps","get","kubeadm-config"]],
  },
  clusterRoleBindings: {
    "kubeadm:cluster-admins": ["cluster-admin","Group:kubeadm:cluster-admins"],
    "kubeadm:get-nodes": ["kubeadm:get-nodes","Group:system:bootstrappers:kubeadm:default-node-token"],
    "kubeadm:kubelet-bootstrap": ["system:node-bootstrapper","Group:system:bootstrappers:kubeadm:default-node-token"],
    "kubeadm:node-autoapprove-bootstrap": ["system:certificates.k8s.io:certificatesigningrequests:nodeclient","Group:system:bootstrappers:kubeadm:default-node-token"],
    "kubeadm:node-autoapprove-certificate-rotation": ["system:certificates.k8s.io:certificatesigningrequests:selfnodeclient","Group:system:nodes"],
    "kubeadm:node-proxier": ["system:node-proxier","SA:kube-system/kube-proxy"],
    "system:coredns": ["system:coredns","SA:kube-system/coredns"],
  },
  roleBindings: {
    "kube-public/kubeadm:bootstrap-signer-clusterinfo": ["kubeadm:bootstrap-signer-clusterinfo","User:system:anonymous"],
    "kube-system/kube-proxy": ["kube-proxy","Group:system:bootstrappers:kubeadm:default-node-token"],
    "kube-system/kubeadm:kubelet-config": ["kubeadm:kubelet-config","Group:system:nodes","Group:system:bootstrappers:kubeadm:default-node-token"],
    "kube-system/kubeadm:nodes-kubeadm-config": ["kubeadm:nodes-kubeadm-config","Group:system:bootstrappers:kubeadm:default-node-token","Group:system:nodes"],
  },
};

/** ServiceAccounts of kubeadm's addons. */
export const KUBEADM_SERVICE_ACCOUNTS: readonly string[] = ["kube-system/coredns","kube-system/kube-proxy"];
