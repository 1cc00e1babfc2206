kubectl delete $(kubectl get pods -l app=backend -o name | head -n 1)
kubectl rollout status deployment/backend-v2
