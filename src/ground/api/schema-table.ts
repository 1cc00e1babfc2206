/**
 * The definitions of the Kubernetes API 1.34 that Drydock serves, one line each. Written by
 * tests/support/make-api-tables.mjs from the API's field table; do not edit by hand. The form is
 * explained where it is decoded, in `schema.ts`.
 */
export const SCHEMA_TABLE = `
apps.v1.Deployment(apps,v1,Deployment) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=DeploymentSpec#2 status:=DeploymentStatus#3
apps.v1.DeploymentCondition type:s!#1 status:s!#2 reason:s#4 message:s#5 lastUpdateTime:T#6 lastTransitionTime:T#7
apps.v1.DeploymentList(apps,v1,DeploymentList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Deployment!#2
apps.v1.DeploymentSpec replicas:i#1 selector:=meta.v1.LabelSelector!#2 template:=core.v1.PodTemplateSpec!#3 strategy:=DeploymentStrategy#4~k minReadySeconds:i#5 revisionHistoryLimit:i#6 paused:b#7 progressDeadlineSeconds:i#9
apps.v1.DeploymentStatus observedGeneration:l#1 replicas:i#2 updatedReplicas:i#3 readyReplicas:i#7 availableReplicas:i#4 unavailableReplicas:i#5 terminatingReplicas:i#9 conditions:[=DeploymentCondition#6@m(type)~m:type collisionCount:i#8
apps.v1.DeploymentStrategy type:s#1<Recreate,RollingUpdate> rollingUpdate:=RollingUpdateDeployment#2
apps.v1.ReplicaSet(apps,v1,ReplicaSet) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=ReplicaSetSpec#2 status:=ReplicaSetStatus#3
apps.v1.ReplicaSetCondition type:s!#1 status:s!#2 lastTransitionTime:T#3 reason:s#4 message:s#5
apps.v1.ReplicaSetList(apps,v1,ReplicaSetList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=ReplicaSet!#2
apps.v1.ReplicaSetSpec replicas:i#1 minReadySeconds:i#4 selector:=meta.v1.LabelSelector!#2 template:=core.v1.PodTemplateSpec#3
apps.v1.ReplicaSetStatus replicas:i!#1 fullyLabeledReplicas:i#2 readyReplicas:i#4 availableReplicas:i#5 terminatingReplicas:i#7 observedGeneration:l#3 conditions:[=ReplicaSetCondition#6@m(type)~m:type
apps.v1.RollingUpdateDeployment maxUnavailable:I#1 maxSurge:I#2
authentication.v1.BoundObjectReference kind:s#1 apiVersion:s#2 name:s#3 uid:s#4
authentication.v1.SelfSubjectReview(authentication.k8s.io,v1,SelfSubjectReview) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 status:=SelfSubjectReviewStatus#2
authentication.v1.SelfSubjectReviewStatus userInfo:=UserInfo#1
authentication.v1.TokenRequest(authentication.k8s.io,v1,TokenRequest) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=TokenRequestSpec!#2 status:=TokenRequestStatus#3
authentication.v1.TokenRequestSpec audiences:[s!#1@a boundObjectRef:=BoundObjectReference#3 expirationSeconds:l#4
authentication.v1.TokenRequestStatus token:s!#1 expirationTimestamp:T!#2
authentication.v1.TokenReview(authentication.k8s.io,v1,TokenReview) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=TokenReviewSpec!#2 status:=TokenReviewStatus#3
authentication.v1.TokenReviewSpec token:s#1 audiences:[s#2@a
authentication.v1.TokenReviewStatus authenticated:b#1 user:=UserInfo#2 error:s#3 audiences:[s#4@a
authentication.v1.UserInfo username:s#1 uid:s#2 groups:[s#3@a extra:{[s#4
authorization.v1.FieldSelectorAttributes rawSelector:s#1 requirements:[=meta.v1.FieldSelectorRequirement#2@a
authorization.v1.LabelSelectorAttributes rawSelector:s#1 requirements:[=meta.v1.LabelSelectorRequirement#2@a
authorization.v1.LocalSubjectAccessReview(authorization.k8s.io,v1,LocalSubjectAccessReview) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=SubjectAccessReviewSpec!#2 status:=SubjectAccessReviewStatus#3
authorization.v1.NonResourceAttributes path:s#1 verb:s#2
authorization.v1.NonResourceRule verbs:[s!#1@a nonResourceURLs:[s#2@a
authorization.v1.ResourceAttributes namespace:s#1 verb:s#2 group:s#3 version:s#4 resource:s#5 subresource:s#6 name:s#7 fieldSelector:=FieldSelectorAttributes#8 labelSelector:=LabelSelectorAttributes#9
authorization.v1.ResourceRule verbs:[s!#1@a apiGroups:[s#2@a resources:[s#3@a resourceNames:[s#4@a
authorization.v1.SelfSubjectAccessReview(authorization.k8s.io,v1,SelfSubjectAccessReview) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=SelfSubjectAccessReviewSpec!#2 status:=SubjectAccessReviewStatus#3
authorization.v1.SelfSubjectAccessReviewSpec resourceAttributes:=ResourceAttributes#1 nonResourceAttributes:=NonResourceAttributes#2
authorization.v1.SelfSubjectRulesReview(authorization.k8s.io,v1,SelfSubjectRulesReview) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=SelfSubjectRulesReviewSpec!#2 status:=SubjectRulesReviewStatus#3
authorization.v1.SelfSubjectRulesReviewSpec namespace:s#1
authorization.v1.SubjectAccessReview(authorization.k8s.io,v1,SubjectAccessReview) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=SubjectAccessReviewSpec!#2 status:=SubjectAccessReviewStatus#3
authorization.v1.SubjectAccessReviewSpec resourceAttributes:=ResourceAttributes#1 nonResourceAttributes:=NonResourceAttributes#2 user:s#3 groups:[s#4@a extra:{[s#5 uid:s#6
authorization.v1.SubjectAccessReviewStatus allowed:b!#1 reason:s#2 evaluationError:s#3 denied:b#4
authorization.v1.SubjectRulesReviewStatus resourceRules:[=ResourceRule!#1@a nonResourceRules:[=NonResourceRule!#2@a incomplete:b!#3 evaluationError:s#4
autoscaling.v1.Scale(autoscaling,v1,Scale) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=ScaleSpec#2 status:=ScaleStatus#3
autoscaling.v1.ScaleSpec replicas:i#1
autoscaling.v1.ScaleStatus replicas:i!#1 selector:s#2
coordination.v1.Lease(coordination.k8s.io,v1,Lease) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=LeaseSpec#2
coordination.v1.LeaseList(coordination.k8s.io,v1,LeaseList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Lease!#2
coordination.v1.LeaseSpec holderIdentity:s#1 leaseDurationSeconds:i#2 acquireTime:U#3 renewTime:U#4 leaseTransitions:i#5 strategy:s#6 preferredHolder:s#7
core.v1.AWSElasticBlockStoreVolumeSource volumeID:s!#1 fsType:s#2 partition:i#3 readOnly:b#4
core.v1.Affinity nodeAffinity:=NodeAffinity#1 podAffinity:=PodAffinity#2 podAntiAffinity:=PodAntiAffinity#3
core.v1.AppArmorProfile type:s!#1<Localhost,RuntimeDefault,Unconfined> localhostProfile:s#2
core.v1.AttachedVolume name:s!#1 devicePath:s!#2
core.v1.AzureDiskVolumeSource diskName:s!#1 diskURI:s!#2 cachingMode:s#3<None,ReadOnly,ReadWrite> fsType:s#4 readOnly:b#5 kind:s#6<Dedicated,Managed,Shared>
core.v1.AzureFileVolumeSource secretName:s!#1 shareName:s!#2 readOnly:b#3
core.v1.Binding(,v1,Binding) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 target:=ObjectReference!#2
core.v1.CSIVolumeSource driver:s!#1 readOnly:b#2 fsType:s#3 volumeAttributes:{s#4 nodePublishSecretRef:=LocalObjectReference#5
core.v1.Capabilities add:[s#1@a drop:[s#2@a
core.v1.CephFSVolumeSource monitors:[s!#1@a path:s#2 user:s#3 secretFile:s#4 secretRef:=LocalObjectReference#5 readOnly:b#6
core.v1.CinderVolumeSource volumeID:s!#1 fsType:s#2 readOnly:b#3 secretRef:=LocalObjectReference#4
core.v1.ClientIPConfig timeoutSeconds:i#1
core.v1.ClusterTrustBundleProjection name:s#1 signerName:s#2 labelSelector:=meta.v1.LabelSelector#3 path:s!#4 optional:b#5
core.v1.ConfigMap(,v1,ConfigMap) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 immutable:b#4 data:{s#2 binaryData:{y#3
core.v1.ConfigMapEnvSource name:s#1.1 optional:b#2
core.v1.ConfigMapKeySelector% name:s#1.1 key:s!#2 optional:b#3
core.v1.ConfigMapList(,v1,ConfigMapList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=ConfigMap!#2
core.v1.ConfigMapNodeConfigSource namespace:s!#1 name:s!#2 uid:s#3 resourceVersion:s#4 kubeletConfigKey:s!#5
core.v1.ConfigMapProjection name:s#1.1 items:[=KeyToPath#2@a optional:b#4
core.v1.ConfigMapVolumeSource name:s#1.1 items:[=KeyToPath#2@a defaultMode:i#3 optional:b#4
core.v1.Container name:s!#1 image:s#2 command:[s#3@a args:[s#4@a workingDir:s#5 ports:[=ContainerPort#6@m(containerPort,protocol)~m:containerPort envFrom:[=EnvFromSource#19@a env:[=EnvVar#7@m(name)~m:name resources:=ResourceRequirements#8 resizePolicy:[=ContainerResizePolicy#23@a restartPolicy:s#24 restartPolicyRules:[=ContainerRestartRule#25@a volumeMounts:[=VolumeMount#9@m(mountPath)~m:mountPath volumeDevices:[=VolumeDevice#21@m(devicePath)~m:devicePath livenessProbe:=Probe#10 readinessProbe:=Probe#11 startupProbe:=Probe#22 lifecycle:=Lifecycle#12 terminationMessagePath:s#13 terminationMessagePolicy:s#20<FallbackToLogsOnError,File> imagePullPolicy:s#14<Always,IfNotPresent,Never> securityContext:=SecurityContext#15 stdin:b#16 stdinOnce:b#17 tty:b#18
core.v1.ContainerExtendedResourceRequest containerName:s!#1 resourceName:s!#2 requestName:s!#3
core.v1.ContainerImage names:[s#1@a sizeBytes:l#2
core.v1.ContainerPort name:s#1 hostPort:i#2 containerPort:i!#3 protocol:s#4<SCTP,TCP,UDP> hostIP:s#5
core.v1.ContainerResizePolicy resourceName:s!#1 restartPolicy:s!#2
core.v1.ContainerRestartRule action:s!#1 exitCodes:=ContainerRestartRuleOnExitCodes#2
core.v1.ContainerRestartRuleOnExitCodes operator:s!#1 values:[i#2@s
core.v1.ContainerState waiting:=ContainerStateWaiting#1 running:=ContainerStateRunning#2 terminated:=ContainerStateTerminated#3
core.v1.ContainerStateRunning startedAt:T#1
core.v1.ContainerStateTerminated exitCode:i!#1 signal:i#2 reason:s#3 message:s#4 startedAt:T#5 finishedAt:T#6 containerID:s#7
core.v1.ContainerStateWaiting reason:s#1 message:s#2
core.v1.ContainerStatus name:s!#1 state:=ContainerState#2 lastState:=ContainerState#3 ready:b!#4 restartCount:i!#5 image:s!#6 imageID:s!#7 containerID:s#8 started:b#9 allocatedResources:{Q#10 resources:=ResourceRequirements#11 volumeMounts:[=VolumeMountStatus#12@m(mountPath)~m:mountPath user:=ContainerUser#13 allocatedResourcesStatus:[=ResourceStatus#14@m(name)~m:name stopSignal:s#15<SIGABRT,SIGALRM,SIGBUS,SIGCHLD,SIGCLD,SIGCONT,SIGFPE,SIGHUP,SIGILL,SIGINT,SIGIO,SIGIOT,SIGKILL,SIGPIPE,SIGPOLL,SIGPROF,SIGPWR,SIGQUIT,SIGRTMAX,SIGRTMAX-1,SIGRTMAX-10,SIGRTMAX-11,SIGRTMAX-12,SIGRTMAX-13,SIGRTMAX-14,SIGRTMAX-2,SIGRTMAX-3,SIGRTMAX-4,SIGRTMAX-5,SIGRTMAX-6,SIGRTMAX-7,SIGRTMAX-8,SIGRTMAX-9,SIGRTMIN,SIGRTMIN+1,SIGRTMIN+10,SIGRTMIN+11,SIGRTMIN+12,SIGRTMIN+13,SIGRTMIN+14,SIGRTMIN+15,SIGRTMIN+2,SIGRTMIN+3,SIGRTMIN+4,SIGRTMIN+5,SIGRTMIN+6,SIGRTMIN+7,SIGRTMIN+8,SIGRTMIN+9,SIGSEGV,SIGSTKFLT,SIGSTOP,SIGSYS,SIGTERM,SIGTRAP,SIGTSTP,SIGTTIN,SIGTTOU,SIGURG,SIGUSR1,SIGUSR2,SIGVTALRM,SIGWINCH,SIGXCPU,SIGXFSZ>
core.v1.ContainerUser linux:=LinuxContainerUser#1
core.v1.DaemonEndpoint Port:i!#1
core.v1.DownwardAPIProjection items:[=DownwardAPIVolumeFile#1@a
core.v1.DownwardAPIVolumeFile path:s!#1 fieldRef:=ObjectFieldSelector#2 resourceFieldRef:=ResourceFieldSelector#3 mode:i#4
core.v1.DownwardAPIVolumeSource items:[=DownwardAPIVolumeFile#1@a defaultMode:i#2
core.v1.EmptyDirVolumeSource medium:s#1 sizeLimit:Q#2
core.v1.EndpointAddress% ip:s!#1 hostname:s#3 nodeName:s#4 targetRef:=ObjectReference#2
core.v1.EndpointPort% name:s#1 port:i!#2 protocol:s#3<SCTP,TCP,UDP> appProtocol:s#4
core.v1.EndpointSubset addresses:[=EndpointAddress#1@a notReadyAddresses:[=EndpointAddress#2@a ports:[=EndpointPort#3@a
core.v1.Endpoints(,v1,Endpoints) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 subsets:[=EndpointSubset#2@a
core.v1.EndpointsList(,v1,EndpointsList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Endpoints!#2
core.v1.EnvFromSource prefix:s#1 configMapRef:=ConfigMapEnvSource#2 secretRef:=SecretEnvSource#3
core.v1.EnvVar name:s!#1 value:s#2 valueFrom:=EnvVarSource#3
core.v1.EnvVarSource fieldRef:=ObjectFieldSelector#1 resourceFieldRef:=ResourceFieldSelector#2 configMapKeyRef:=ConfigMapKeySelector#3 secretKeyRef:=SecretKeySelector#4 fileKeyRef:=FileKeySelector#5
core.v1.EphemeralContainer name:s!#1.1 image:s#1.2 command:[s#1.3@a args:[s#1.4@a workingDir:s#1.5 ports:[=ContainerPort#1.6@m(containerPort,protocol)~m:containerPort envFrom:[=EnvFromSource#1.19@a env:[=EnvVar#1.7@m(name)~m:name resources:=ResourceRequirements#1.8 resizePolicy:[=ContainerResizePolicy#1.23@a restartPolicy:s#1.24 restartPolicyRules:[=ContainerRestartRule#1.25@a volumeMounts:[=VolumeMount#1.9@m(mountPath)~m:mountPath volumeDevices:[=VolumeDevice#1.21@m(devicePath)~m:devicePath livenessProbe:=Probe#1.10 readinessProbe:=Probe#1.11 startupProbe:=Probe#1.22 lifecycle:=Lifecycle#1.12 terminationMessagePath:s#1.13 terminationMessagePolicy:s#1.20<FallbackToLogsOnError,File> imagePullPolicy:s#1.14<Always,IfNotPresent,Never> securityContext:=SecurityContext#1.15 stdin:b#1.16 stdinOnce:b#1.17 tty:b#1.18 targetContainerName:s#2
core.v1.EphemeralVolumeSource volumeClaimTemplate:=PersistentVolumeClaimTemplate#1
core.v1.Event(,v1,Event) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta!#1 involvedObject:=ObjectReference!#2 reason:s#3 message:s#4 source:=EventSource#5 firstTimestamp:T#6 lastTimestamp:T#7 count:i#8 type:s#9 eventTime:U#10 series:=EventSeries#11 action:s#12 related:=ObjectReference#13 reportingComponent:s#14 reportingInstance:s#15
core.v1.EventList(,v1,EventList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Event!#2
core.v1.EventSeries count:i#1 lastObservedTime:U#2
core.v1.EventSource component:s#1 host:s#2
core.v1.ExecAction command:[s#1@a
core.v1.FCVolumeSource targetWWNs:[s#1@a lun:i#2 fsType:s#3 readOnly:b#4 wwids:[s#5@a
core.v1.FileKeySelector% volumeName:s!#1 path:s!#2 key:s!#3 optional:b#4
core.v1.FlexVolumeSource driver:s!#1 fsType:s#2 secretRef:=LocalObjectReference#3 readOnly:b#4 options:{s#5
core.v1.FlockerVolumeSource datasetName:s#1 datasetUUID:s#2
core.v1.GCEPersistentDiskVolumeSource pdName:s!#1 fsType:s#2 partition:i#3 readOnly:b#4
core.v1.GRPCAction port:i!#1 service:s#2
core.v1.GitRepoVolumeSource repository:s!#1 revision:s#2 directory:s#3
core.v1.GlusterfsVolumeSource endpoints:s!#1 path:s!#2 readOnly:b#3
core.v1.HTTPGetAction path:s#1 port:I!#2 host:s#3 scheme:s#4<HTTP,HTTPS> httpHeaders:[=HTTPHeader#5@a
core.v1.HTTPHeader name:s!#1 value:s!#2
core.v1.HostAlias ip:s!#1 hostnames:[s#2@a
core.v1.HostIP ip:s!#1
core.v1.HostPathVolumeSource path:s!#1 type:s#2<,BlockDevice,CharDevice,Directory,DirectoryOrCreate,File,FileOrCreate,Socket>
core.v1.ISCSIVolumeSource targetPortal:s!#1 iqn:s!#2 lun:i!#3 iscsiInterface:s#4 fsType:s#5 readOnly:b#6 portals:[s#7@a chapAuthDiscovery:b#8 secretRef:=LocalObjectReference#10 chapAuthSession:b#11 initiatorName:s#12
core.v1.ImageVolumeSource reference:s#1 pullPolicy:s#2<Always,IfNotPresent,Never>
core.v1.KeyToPath key:s!#1 path:s!#2 mode:i#3
core.v1.Lifecycle postStart:=LifecycleHandler#1 preStop:=LifecycleHandler#2 stopSignal:s#3<SIGABRT,SIGALRM,SIGBUS,SIGCHLD,SIGCLD,SIGCONT,SIGFPE,SIGHUP,SIGILL,SIGINT,SIGIO,SIGIOT,SIGKILL,SIGPIPE,SIGPOLL,SIGPROF,SIGPWR,SIGQUIT,SIGRTMAX,SIGRTMAX-1,SIGRTMAX-10,SIGRTMAX-11,SIGRTMAX-12,SIGRTMAX-13,SIGRTMAX-14,SIGRTMAX-2,SIGRTMAX-3,SIGRTMAX-4,SIGRTMAX-5,SIGRTMAX-6,SIGRTMAX-7,SIGRTMAX-8,SIGRTMAX-9,SIGRTMIN,SIGRTMIN+1,SIGRTMIN+10,SIGRTMIN+11,SIGRTMIN+12,SIGRTMIN+13,SIGRTMIN+14,SIGRTMIN+15,SIGRTMIN+2,SIGRTMIN+3,SIGRTMIN+4,SIGRTMIN+5,SIGRTMIN+6,SIGRTMIN+7,SIGRTMIN+8,SIGRTMIN+9,SIGSEGV,SIGSTKFLT,SIGSTOP,SIGSYS,SIGTERM,SIGTRAP,SIGTSTP,SIGTTIN,SIGTTOU,SIGURG,SIGUSR1,SIGUSR2,SIGVTALRM,SIGWINCH,SIGXCPU,SIGXFSZ>
core.v1.LifecycleHandler exec:=ExecAction#1 httpGet:=HTTPGetAction#2 tcpSocket:=TCPSocketAction#3 sleep:=SleepAction#4
core.v1.LinuxContainerUser uid:l!#1 gid:l!#2 supplementalGroups:[l#3@a
core.v1.LoadBalancerIngress ip:s#1 hostname:s#2 ipMode:s#3 ports:[=PortStatus#4@a
core.v1.LoadBalancerStatus ingress:[=LoadBalancerIngress#1@a
core.v1.LocalObjectReference% name:s#1
core.v1.NFSVolumeSource server:s!#1 path:s!#2 readOnly:b#3
core.v1.Namespace(,v1,Namespace) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=NamespaceSpec#2 status:=NamespaceStatus#3
core.v1.NamespaceCondition type:s!#1 status:s!#2 lastTransitionTime:T#4 reason:s#5 message:s#6
core.v1.NamespaceList(,v1,NamespaceList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Namespace!#2
core.v1.NamespaceSpec finalizers:[s#1@a
core.v1.NamespaceStatus phase:s#1<Active,Terminating> conditions:[=NamespaceCondition#2@m(type)~m:type
core.v1.Node(,v1,Node) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=NodeSpec#2 status:=NodeStatus#3
core.v1.NodeAddress type:s!#1 address:s!#2
core.v1.NodeAffinity requiredDuringSchedulingIgnoredDuringExecution:=NodeSelector#1 preferredDuringSchedulingIgnoredDuringExecution:[=PreferredSchedulingTerm#2@a
core.v1.NodeCondition type:s!#1 status:s!#2 lastHeartbeatTime:T#3 lastTransitionTime:T#4 reason:s#5 message:s#6
core.v1.NodeConfigSource configMap:=ConfigMapNodeConfigSource#2
core.v1.NodeConfigStatus assigned:=NodeConfigSource#1 active:=NodeConfigSource#2 lastKnownGood:=NodeConfigSource#3 error:s#4
core.v1.NodeDaemonEndpoints kubeletEndpoint:=DaemonEndpoint#1
core.v1.NodeFeatures supplementalGroupsPolicy:b#1
core.v1.NodeList(,v1,NodeList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Node!#2
core.v1.NodeRuntimeHandler name:s#1 features:=NodeRuntimeHandlerFeatures#2
core.v1.NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:b#1 userNamespaces:b#2
core.v1.NodeSelector% nodeSelectorTerms:[=NodeSelectorTerm!#1@a
core.v1.NodeSelectorRequirement key:s!#1 operator:s!#2<DoesNotExist,Exists,Gt,In,Lt,NotIn> values:[s#3@a
core.v1.NodeSelectorTerm% matchExpressions:[=NodeSelectorRequirement#1@a matchFields:[=NodeSelectorRequirement#2@a
core.v1.NodeSpec podCIDR:s#1 podCIDRs:[s#7@s~m providerID:s#3 externalID:s#2 unschedulable:b#4 taints:[=Taint#5@a configSource:=NodeConfigSource#6
core.v1.NodeStatus capacity:{Q#1 allocatable:{Q#2 phase:s#3<Pending,Running,Terminated> conditions:[=NodeCondition#4@m(type)~m:type addresses:[=NodeAddress#5@m(type)~m:type daemonEndpoints:=NodeDaemonEndpoints#6 nodeInfo:=NodeSystemInfo#7 images:[=ContainerImage#8@a volumesInUse:[s#9@a volumesAttached:[=AttachedVolume#10@a config:=NodeConfigStatus#11 runtimeHandlers:[=NodeRuntimeHandler#12@a features:=NodeFeatures#13
core.v1.NodeSwapStatus capacity:l#1
core.v1.NodeSystemInfo machineID:s!#1 systemUUID:s!#2 bootID:s!#3 kernelVersion:s!#4 osImage:s!#5 containerRuntimeVersion:s!#6 kubeletVersion:s!#7 kubeProxyVersion:s!#8 operatingSystem:s!#9 architecture:s!#10 swap:=NodeSwapStatus#11
core.v1.ObjectFieldSelector% apiVersion:s#1 fieldPath:s!#2
core.v1.ObjectReference% kind:s#1 namespace:s#2 name:s#3 uid:s#4 apiVersion:s#5 resourceVersion:s#6 fieldPath:s#7
core.v1.PersistentVolumeClaimSpec accessModes:[s#1@a resources:=VolumeResourceRequirements#2 volumeName:s#3 selector:=meta.v1.LabelSelector#4 storageClassName:s#5 volumeMode:s#6<Block,Filesystem> dataSource:=TypedLocalObjectReference#7 dataSourceRef:=TypedObjectReference#8 volumeAttributesClassName:s#9
core.v1.PersistentVolumeClaimTemplate metadata:=meta.v1.ObjectMeta#1 spec:=PersistentVolumeClaimSpec!#2
core.v1.PersistentVolumeClaimVolumeSource claimName:s!#1 readOnly:b#2
core.v1.PhotonPersistentDiskVolumeSource pdID:s!#1 fsType:s#2
core.v1.Pod(,v1,Pod) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=PodSpec#2 status:=PodStatus#3
core.v1.PodAffinity requiredDuringSchedulingIgnoredDuringExecution:[=PodAffinityTerm#1@a preferredDuringSchedulingIgnoredDuringExecution:[=WeightedPodAffinityTerm#2@a
core.v1.PodAffinityTerm labelSelector:=meta.v1.LabelSelector#1 namespaces:[s#2@a topologyKey:s!#3 namespaceSelector:=meta.v1.LabelSelector#4 matchLabelKeys:[s#5@a mismatchLabelKeys:[s#6@a
core.v1.PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution:[=PodAffinityTerm#1@a preferredDuringSchedulingIgnoredDuringExecution:[=WeightedPodAffinityTerm#2@a
core.v1.PodCertificateProjection signerName:s!#1 keyType:s!#2 maxExpirationSeconds:i#3 credentialBundlePath:s#4 keyPath:s#5 certificateChainPath:s#6
core.v1.PodCondition type:s!#1 observedGeneration:l#7 status:s!#2 lastProbeTime:T#3 lastTransitionTime:T#4 reason:s#5 message:s#6
core.v1.PodDNSConfig nameservers:[s#1@a searches:[s#2@a options:[=PodDNSConfigOption#3@a
core.v1.PodDNSConfigOption name:s#1 value:s#2
core.v1.PodExtendedResourceClaimStatus requestMappings:[=ContainerExtendedResourceRequest!#1@a resourceClaimName:s!#2
core.v1.PodIP ip:s!#1
core.v1.PodList(,v1,PodList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Pod!#2
core.v1.PodOS name:s!#1
core.v1.PodReadinessGate conditionType:s!#1
core.v1.PodResourceClaim name:s!#1 resourceClaimName:s#3 resourceClaimTemplateName:s#4
core.v1.PodResourceClaimStatus name:s!#1 resourceClaimName:s#2
core.v1.PodSchedulingGate name:s!#1
core.v1.PodSecurityContext seLinuxOptions:=SELinuxOptions#1 runAsUser:l#2 runAsNonRoot:b#3 supplementalGroups:[l#4@a fsGroup:l#5 runAsGroup:l#6 sysctls:[=Sysctl#7@a windowsOptions:=WindowsSecurityContextOptions#8 fsGroupChangePolicy:s#9<Always,OnRootMismatch> seccompProfile:=SeccompProfile#10 appArmorProfile:=AppArmorProfile#11 supplementalGroupsPolicy:s#12<Merge,Strict> seLinuxChangePolicy:s#13
core.v1.PodSpec volumes:[=Volume#1@m(name)~mk:name initContainers:[=Container#20@m(name)~m:name containers:[=Container!#2@m(name)~m:name ephemeralContainers:[=EphemeralContainer#34@m(name)~m:name restartPolicy:s#3<Always,Never,OnFailure> terminationGracePeriodSeconds:l#4 activeDeadlineSeconds:l#5 dnsPolicy:s#6<ClusterFirst,ClusterFirstWithHostNet,Default,None> nodeSelector:{s#7% serviceAccountName:s#8 serviceAccount:s#9 nodeName:s#10 hostNetwork:b#11 hostPID:b#12 hostIPC:b#13 securityContext:=PodSecurityContext#14 imagePullSecrets:[=LocalObjectReference#15@m(name)~m:name hostname:s#16 subdomain:s#17 affinity:=Affinity#18 schedulerName:s#19 automountServiceAccountToken:b#21 tolerations:[=Toleration#22@a hostAliases:[=HostAlias#23@m(ip)~m:ip priorityClassName:s#24 priority:i#25 dnsConfig:=PodDNSConfig#26 shareProcessNamespace:b#27 readinessGates:[=PodReadinessGate#28@a runtimeClassName:s#29 enableServiceLinks:b#30 preemptionPolicy:s#31<Never,PreemptLowerPriority> overhead:{Q#32 topologySpreadConstraints:[=TopologySpreadConstraint#33@m(topologyKey,whenUnsatisfiable)~m:topologyKey setHostnameAsFQDN:b#35 os:=PodOS#36 hostUsers:b#37 schedulingGates:[=PodSchedulingGate#38@m(name)~m:name resourceClaims:[=PodResourceClaim#39@m(name)~mk:name resources:=ResourceRequirements#40 hostnameOverride:s#41
core.v1.PodStatus observedGeneration:l#17 phase:s#1<Failed,Pending,Running,Succeeded,Unknown> conditions:[=PodCondition#2@m(type)~m:type message:s#3 reason:s#4 nominatedNodeName:s#11 hostIP:s#5 hostIPs:[=HostIP#16@a~m:ip podIP:s#6 podIPs:[=PodIP#12@m(ip)~m:ip startTime:T#7 initContainerStatuses:[=ContainerStatus#10@a containerStatuses:[=ContainerStatus#8@a qosClass:s#9<BestEffort,Burstable,Guaranteed> ephemeralContainerStatuses:[=ContainerStatus#13@a resize:s#14 resourceClaimStatuses:[=PodResourceClaimStatus#15@m(name)~mk:name extendedResourceClaimStatus:=PodExtendedResourceClaimStatus#18
core.v1.PodTemplateSpec metadata:=meta.v1.ObjectMeta#1 spec:=PodSpec#2
core.v1.PortStatus port:i!#1 protocol:s!#2<SCTP,TCP,UDP> error:s#3
core.v1.PortworxVolumeSource volumeID:s!#1 fsType:s#2 readOnly:b#3
core.v1.PreferredSchedulingTerm weight:i!#1 preference:=NodeSelectorTerm!#2
core.v1.Probe exec:=ExecAction#1.1 httpGet:=HTTPGetAction#1.2 tcpSocket:=TCPSocketAction#1.3 grpc:=GRPCAction#1.4 initialDelaySeconds:i#2 timeoutSeconds:i#3 periodSeconds:i#4 successThreshold:i#5 failureThreshold:i#6 terminationGracePeriodSeconds:l#7
core.v1.ProjectedVolumeSource sources:[=VolumeProjection#1@a defaultMode:i#2
core.v1.QuobyteVolumeSource registry:s!#1 volume:s!#2 readOnly:b#3 user:s#4 group:s#5 tenant:s#6
core.v1.RBDVolumeSource monitors:[s!#1@a image:s!#2 fsType:s#3 pool:s#4 user:s#5 keyring:s#6 secretRef:=LocalObjectReference#7 readOnly:b#8
core.v1.ResourceClaim name:s!#1 request:s#2
core.v1.ResourceFieldSelector% containerName:s#1 resource:s!#2 divisor:Q#3
core.v1.ResourceHealth resourceID:s!#1 health:s#2
core.v1.ResourceRequirements limits:{Q#1 requests:{Q#2 claims:[=ResourceClaim#3@m(name)
core.v1.ResourceStatus name:s!#1 resources:[=ResourceHealth#2@m(resourceID)
core.v1.SELinuxOptions user:s#1 role:s#2 type:s#3 level:s#4
core.v1.ScaleIOVolumeSource gateway:s!#1 system:s!#2 secretRef:=LocalObjectReference!#3 sslEnabled:b#4 protectionDomain:s#5 storagePool:s#6 storageMode:s#7 volumeName:s#8 fsType:s#9 readOnly:b#10
core.v1.SeccompProfile type:s!#1<Localhost,RuntimeDefault,Unconfined> localhostProfile:s#2
core.v1.Secret(,v1,Secret) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 immutable:b#5 data:{y#2 stringData:{s#4 type:s#3
core.v1.SecretEnvSource name:s#1.1 optional:b#2
core.v1.SecretKeySelector% name:s#1.1 key:s!#2 optional:b#3
core.v1.SecretList(,v1,SecretList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Secret!#2
core.v1.SecretProjection name:s#1.1 items:[=KeyToPath#2@a optional:b#4
core.v1.SecretVolumeSource secretName:s#1 items:[=KeyToPath#2@a defaultMode:i#3 optional:b#4
core.v1.SecurityContext capabilities:=Capabilities#1 privileged:b#2 seLinuxOptions:=SELinuxOptions#3 runAsUser:l#4 runAsNonRoot:b#5 readOnlyRootFilesystem:b#6 allowPrivilegeEscalation:b#7 runAsGroup:l#8 procMount:s#9<Default,Unmasked> windowsOptions:=WindowsSecurityContextOptions#10 seccompProfile:=SeccompProfile#11 appArmorProfile:=AppArmorProfile#12
core.v1.Service(,v1,Service) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 spec:=ServiceSpec#2 status:=ServiceStatus#3
core.v1.ServiceAccount(,v1,ServiceAccount) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 secrets:[=ObjectReference#2@m(name)~m:name imagePullSecrets:[=LocalObjectReference#3@a automountServiceAccountToken:b#4
core.v1.ServiceAccountList(,v1,ServiceAccountList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=ServiceAccount!#2
core.v1.ServiceAccountTokenProjection audience:s#1 expirationSeconds:l#2 path:s!#3
core.v1.ServiceList(,v1,ServiceList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Service!#2
core.v1.ServicePort name:s#1 protocol:s#2<SCTP,TCP,UDP> appProtocol:s#6 port:i!#3 targetPort:I#4 nodePort:i#5
core.v1.ServiceSpec ports:[=ServicePort#1@m(port,protocol)~m:port selector:{s#2% clusterIP:s#3 clusterIPs:[s#18@a type:s#4<ClusterIP,ExternalName,LoadBalancer,NodePort> externalIPs:[s#5@a sessionAffinity:s#7<ClientIP,None> loadBalancerIP:s#8 loadBalancerSourceRanges:[s#9@a externalName:s#10 externalTrafficPolicy:s#11<Cluster,Local> healthCheckNodePort:i#12 publishNotReadyAddresses:b#13 sessionAffinityConfig:=SessionAffinityConfig#14 ipFamilyPolicy:s#17<PreferDualStack,RequireDualStack,SingleStack> ipFamilies:[s#19@a allocateLoadBalancerNodePorts:b#20 loadBalancerClass:s#21 internalTrafficPolicy:s#22<Cluster,Local> trafficDistribution:s#23
core.v1.ServiceStatus loadBalancer:=LoadBalancerStatus#1 conditions:[=meta.v1.Condition#2@m(type)~m:type
core.v1.SessionAffinityConfig clientIP:=ClientIPConfig#1
core.v1.SleepAction seconds:l!#1
core.v1.StorageOSVolumeSource volumeName:s#1 volumeNamespace:s#2 fsType:s#3 readOnly:b#4 secretRef:=LocalObjectReference#5
core.v1.Sysctl name:s!#1 value:s!#2
core.v1.TCPSocketAction port:I!#1 host:s#2
core.v1.Taint key:s!#1 value:s#2 effect:s!#3<NoExecute,NoSchedule,PreferNoSchedule> timeAdded:T#4
core.v1.Toleration key:s#1 operator:s#2<Equal,Exists> value:s#3 effect:s#4<NoExecute,NoSchedule,PreferNoSchedule> tolerationSeconds:l#5
core.v1.TopologySpreadConstraint maxSkew:i!#1 topologyKey:s!#2 whenUnsatisfiable:s!#3<DoNotSchedule,ScheduleAnyway> labelSelector:=meta.v1.LabelSelector#4 minDomains:i#5 nodeAffinityPolicy:s#6<Honor,Ignore> nodeTaintsPolicy:s#7<Honor,Ignore> matchLabelKeys:[s#8@a
core.v1.TypedLocalObjectReference% apiGroup:s#1 kind:s!#2 name:s!#3
core.v1.TypedObjectReference apiGroup:s#1 kind:s!#2 name:s!#3 namespace:s#4
core.v1.Volume name:s!#1 hostPath:=HostPathVolumeSource#2.1 emptyDir:=EmptyDirVolumeSource#2.2 gcePersistentDisk:=GCEPersistentDiskVolumeSource#2.3 awsElasticBlockStore:=AWSElasticBlockStoreVolumeSource#2.4 gitRepo:=GitRepoVolumeSource#2.5 secret:=SecretVolumeSource#2.6 nfs:=NFSVolumeSource#2.7 iscsi:=ISCSIVolumeSource#2.8 glusterfs:=GlusterfsVolumeSource#2.9 persistentVolumeClaim:=PersistentVolumeClaimVolumeSource#2.10 rbd:=RBDVolumeSource#2.11 flexVolume:=FlexVolumeSource#2.12 cinder:=CinderVolumeSource#2.13 cephfs:=CephFSVolumeSource#2.14 flocker:=FlockerVolumeSource#2.15 downwardAPI:=DownwardAPIVolumeSource#2.16 fc:=FCVolumeSource#2.17 azureFile:=AzureFileVolumeSource#2.18 configMap:=ConfigMapVolumeSource#2.19 vsphereVolume:=VsphereVirtualDiskVolumeSource#2.20 quobyte:=QuobyteVolumeSource#2.21 azureDisk:=AzureDiskVolumeSource#2.22 photonPersistentDisk:=PhotonPersistentDiskVolumeSource#2.23 portworxVolume:=PortworxVolumeSource#2.24 scaleIO:=ScaleIOVolumeSource#2.25 projected:=ProjectedVolumeSource#2.26 storageos:=StorageOSVolumeSource#2.27 csi:=CSIVolumeSource#2.28 ephemeral:=EphemeralVolumeSource#2.29 image:=ImageVolumeSource#2.30
core.v1.VolumeDevice name:s!#1 devicePath:s!#2
core.v1.VolumeMount name:s!#1 readOnly:b#2 recursiveReadOnly:s#7 mountPath:s!#3 subPath:s#4 mountPropagation:s#5<Bidirectional,HostToContainer,None> subPathExpr:s#6
core.v1.VolumeMountStatus name:s!#1 mountPath:s!#2 readOnly:b#3 recursiveReadOnly:s#4
core.v1.VolumeProjection secret:=SecretProjection#1 downwardAPI:=DownwardAPIProjection#2 configMap:=ConfigMapProjection#3 serviceAccountToken:=ServiceAccountTokenProjection#4 clusterTrustBundle:=ClusterTrustBundleProjection#5 podCertificate:=PodCertificateProjection#6
core.v1.VolumeResourceRequirements limits:{Q#1 requests:{Q#2
core.v1.VsphereVirtualDiskVolumeSource volumePath:s!#1 fsType:s#2 storagePolicyName:s#3 storagePolicyID:s#4
core.v1.WeightedPodAffinityTerm weight:i!#1 podAffinityTerm:=PodAffinityTerm!#2
core.v1.WindowsSecurityContextOptions gmsaCredentialSpecName:s#1 gmsaCredentialSpec:s#2 runAsUserName:s#3 hostProcess:b#4
discovery.v1.Endpoint addresses:[s!#1@s conditions:=EndpointConditions#2 hostname:s#3 targetRef:=core.v1.ObjectReference#4 deprecatedTopology:{s#5 nodeName:s#6 zone:s#7 hints:=EndpointHints#8
discovery.v1.EndpointConditions ready:b#1 serving:b#2 terminating:b#3
discovery.v1.EndpointHints forZones:[=ForZone#1@a forNodes:[=ForNode#2@a
discovery.v1.EndpointPort% name:s#1 protocol:s#2<SCTP,TCP,UDP> port:i#3 appProtocol:s#4
discovery.v1.EndpointSlice(discovery.k8s.io,v1,EndpointSlice) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 addressType:s!#4<FQDN,IPv4,IPv6> endpoints:[=Endpoint!#2@a ports:[=EndpointPort#3@a
discovery.v1.EndpointSliceList(discovery.k8s.io,v1,EndpointSliceList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=EndpointSlice!#2
discovery.v1.ForNode name:s!#1
discovery.v1.ForZone name:s!#1
events.v1.Event(events.k8s.io,v1,Event) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 eventTime:U!#2 series:=EventSeries#3 reportingController:s#4 reportingInstance:s#5 action:s#6 reason:s#7 regarding:=core.v1.ObjectReference#8 related:=core.v1.ObjectReference#9 note:s#10 type:s#11 deprecatedSource:=core.v1.EventSource#12 deprecatedFirstTimestamp:T#13 deprecatedLastTimestamp:T#14 deprecatedCount:i#15
events.v1.EventList(events.k8s.io,v1,EventList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Event!#2
events.v1.EventSeries count:i!#1 lastObservedTime:U!#2
meta.v1.Condition type:s!#1 status:s!#2 observedGeneration:l#3 lastTransitionTime:T!#4 reason:s!#5 message:s!#6
meta.v1.DeleteOptions gracePeriodSeconds:l#1 preconditions:=Preconditions#2 orphanDependents:b#3 propagationPolicy:s#4 dryRun:[s#5@a ignoreStoreReadErrorWithClusterBreakingPotential:b#6 apiVersion:s kind:s
meta.v1.FieldSelectorRequirement key:s!#1 operator:s!#2 values:[s#3@a
meta.v1.LabelSelector% matchLabels:{s#1 matchExpressions:[=LabelSelectorRequirement#2@a
meta.v1.LabelSelectorRequirement key:s!#1 operator:s!#2 values:[s#3@a
meta.v1.ListMeta selfLink:s#1 resourceVersion:s#2 continue:s#3 remainingItemCount:l#4
meta.v1.ManagedFieldsEntry manager:s#1 operation:s#2 apiVersion:s#3 time:T#4 fieldsType:s#6 fieldsV1:X#7 subresource:s#8
meta.v1.ObjectMeta name:s#1 generateName:s#2 namespace:s#3 selfLink:s#4 uid:s#5 resourceVersion:s#6 generation:l#7 creationTimestamp:T#8 deletionTimestamp:T#9 deletionGracePeriodSeconds:l#10 labels:{s#11 annotations:{s#12 ownerReferences:[=OwnerReference#13@m(uid)~m:uid finalizers:[s#14@s~m managedFields:[=ManagedFieldsEntry#17@a
meta.v1.OwnerReference% apiVersion:s!#5 kind:s!#1 name:s!#3 uid:s!#4 controller:b#6 blockOwnerDeletion:b#7
meta.v1.Preconditions uid:s#1 resourceVersion:s#2
meta.v1.Status(,v1,Status) kind:s apiVersion:s metadata:=ListMeta#1 status:s#2 message:s#3 reason:s#4 details:=StatusDetails#5@a code:i#6
meta.v1.StatusCause reason:s#1 message:s#2 field:s#3
meta.v1.StatusDetails name:s#1 group:s#2 kind:s#3 causes:[=StatusCause#4@a retryAfterSeconds:i#5 uid:s#6
policy.v1.Eviction(policy,v1,Eviction) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 deleteOptions:=meta.v1.DeleteOptions#2
rbac.v1.AggregationRule clusterRoleSelectors:[=meta.v1.LabelSelector#1@a
rbac.v1.ClusterRole(rbac.authorization.k8s.io,v1,ClusterRole) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 rules:[=PolicyRule#2@a aggregationRule:=AggregationRule#3
rbac.v1.ClusterRoleBinding(rbac.authorization.k8s.io,v1,ClusterRoleBinding) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 subjects:[=Subject#2@a roleRef:=RoleRef!#3
rbac.v1.ClusterRoleBindingList(rbac.authorization.k8s.io,v1,ClusterRoleBindingList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=ClusterRoleBinding!#2
rbac.v1.ClusterRoleList(rbac.authorization.k8s.io,v1,ClusterRoleList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=ClusterRole!#2
rbac.v1.PolicyRule verbs:[s!#1@a apiGroups:[s#2@a resources:[s#3@a resourceNames:[s#4@a nonResourceURLs:[s#5@a
rbac.v1.Role(rbac.authorization.k8s.io,v1,Role) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 rules:[=PolicyRule#2@a
rbac.v1.RoleBinding(rbac.authorization.k8s.io,v1,RoleBinding) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 subjects:[=Subject#2@a roleRef:=RoleRef!#3
rbac.v1.RoleBindingList(rbac.authorization.k8s.io,v1,RoleBindingList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=RoleBinding!#2
rbac.v1.RoleList(rbac.authorization.k8s.io,v1,RoleList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=Role!#2
rbac.v1.RoleRef% apiGroup:s!#1 kind:s!#2 name:s!#3
rbac.v1.Subject% kind:s!#1 apiGroup:s#2 name:s!#3 namespace:s#4
scheduling.v1.PriorityClass(scheduling.k8s.io,v1,PriorityClass) kind:s apiVersion:s metadata:=meta.v1.ObjectMeta#1 value:i!#2 globalDefault:b#3 description:s#4 preemptionPolicy:s#5<Never,PreemptLowerPriority>
scheduling.v1.PriorityClassList(scheduling.k8s.io,v1,PriorityClassList) kind:s apiVersion:s metadata:=meta.v1.ListMeta#1 items:[=PriorityClass!#2
`;
