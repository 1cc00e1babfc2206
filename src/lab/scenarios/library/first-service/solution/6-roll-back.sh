kubectl rollout undo deployment/backend-v2
kubectl rollout status deployment/backend-v2
