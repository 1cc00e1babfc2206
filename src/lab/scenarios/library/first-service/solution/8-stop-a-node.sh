lab fault power-off node-2
kubectl wait --for=condition=Ready=Unknown node/node-2 --timeout=2m
sleep 330
kubectl rollout status deployment/backend-v2
