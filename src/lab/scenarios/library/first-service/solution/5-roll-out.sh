kubectl set image deployment/backend-v2 backend=xiaorui/backend:v2
kubectl rollout status deployment/backend-v2
