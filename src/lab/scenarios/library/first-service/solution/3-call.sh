kubectl exec client -- curl -s http://backend/hello
