kubectl apply -f backend-v2.yaml
kubectl rollout status deployment/backend-v2
