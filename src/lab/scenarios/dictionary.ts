/**
 * The preset dictionary of share links, format 1. Frozen: a byte changed here would make every link of
 * this format unreadable. Deflate finds matches nearest to the end cheapest, so the commonest texts
 * stand last.
 */
export const LINK_DICTIONARY_1 = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: backend
spec:
  hosts:
  - backend
  http:
  - route:
    - destination:
        host: backend
        subset: v1
      weight: 90
    - destination:
        host: backend
        subset: v2
      weight: 10
    match:
    - uri:
        prefix: /
    timeout: 5s
    retries:
      attempts: 3
kind: DestinationRule
  trafficPolicy:
    loadBalancer:
      simple: ROUND_ROBIN
  subsets:
  - name: v1
    labels:
      version: v1
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
roleRef:
  apiGroup: rbac.authorization.k8s.io
subjects:
rules:
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["get", "list", "watch"]
kind: ConfigMap
data:
kind: Secret
stringData:
type: Opaque
kind: Namespace
kind: ServiceAccount
      volumes:
      - name: data
        emptyDir: {}
        hostPath:
          path: /tmp
        configMap:
          name: config
      nodeSelector:
        disktype: ssd
      tolerations:
      - key: node.kubernetes.io/unreachable
        operator: Exists
        effect: NoExecute
        tolerationSeconds: 30
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions:
        livenessProbe:
          httpGet:
            path: /healthz
            port: 8080
          initialDelaySeconds: 10
          periodSeconds: 5
          timeoutSeconds: 1
          failureThreshold: 3
        readinessProbe:
          tcpSocket:
          exec:
            command: ["sh", "-c"]
        env:
        - name: VERSION
          value: ""
          valueFrom:
        volumeMounts:
        - name: data
          mountPath: /data
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
        imagePullPolicy: IfNotPresent
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 25%
apiVersion: v1
kind: Service
metadata:
  name: backend
  labels:
    app: backend
spec:
  type: NodePort
  selector:
    app: backend
  ports:
  - name: http
    port: 80
    targetPort: 3000
    nodePort: 30080
---
apiVersion: v1
kind: Pod
metadata:
  name: nginx
spec:
  containers:
  - name: nginx
    image: nginx
    command: ["sleep", "3600"]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend-v2
  namespace: default
  labels:
    app: backend
    version: v2
spec:
  replicas: 3
  selector:
    matchLabels:
      app: backend
      version: v2
  template:
    metadata:
      labels:
        app: backend
        version: v2
    spec:
      containers:
      - name: backend
        image: xiaorui/backend
        ports:
        - containerPort: 3000
lab fault cut node-1 node-2 power-off node-3 lab why pod/ systemctl stop kubelet ssh node-1 iptables-save | grep KUBE journalctl -u kubelet crictl ps
kubectl create deployment web --image=nginx --replicas=3 kubectl expose deployment web --port=80 --target-port=8080 kubectl run client --image=curlimages/curl -- sleep 3600
kubectl exec client -- curl -s http://backend/ kubectl logs deploy/ kubectl set image deployment/backend backend=xiaorui/backend:v2 kubectl rollout status deployment/ kubectl rollout undo deployment/
kubectl label nodes node-1 disktype=ssd kubectl scale deployment backend-v2 --replicas 10 kubectl get pods -o wide kubectl describe pod kubectl delete pod kubectl get nodes kubectl apply -f backend.yaml
{"b":{"p":"seed-era","n":3,"c":"first-service","f":{"backend.yaml":"service.yaml":"}},"s":7,"t":,"h":"","i":[[0,"o",1,80,24],[0,"l",1,"kubectl ",[0,"k",1,"\\u0003"]],"w":{"lang":"zh-CN","tab":"why"},"m":[]}`;
