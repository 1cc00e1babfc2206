kubectl apply -f backend-service.yaml
kubectl get endpointslices -l kubernetes.io/service-name=backend
