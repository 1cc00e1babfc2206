kubectl scale deployment backend-v2 --replicas 10
kubectl rollout status deployment/backend-v2
