/** First Service: a backend is deployed, named, called, scaled, updated, rolled back and broken. */
import en from './en.md?raw';
import service from './files/backend-service.yaml?raw';
import deployment from './files/backend-v2.yaml?raw';
import client from './files/client.yaml?raw';
import logic from './scenario.yaml?raw';
import deploy from './solution/1-deploy.sh?raw';
import expose from './solution/2-expose.sh?raw';
import call from './solution/3-call.sh?raw';
import scale from './solution/4-scale.sh?raw';
import rollOut from './solution/5-roll-out.sh?raw';
import rollBack from './solution/6-roll-back.sh?raw';
import killPod from './solution/7-kill-a-pod.sh?raw';
import stopNode from './solution/8-stop-a-node.sh?raw';
import zhCN from './zh-CN.md?raw';
import type { ScenarioFolder } from '../../folder.ts';

export const firstService: ScenarioFolder = {
  logic,
  texts: { en, 'zh-CN': zhCN },
  files: {
    'backend-v2.yaml': deployment,
    'backend-service.yaml': service,
    'client.yaml': client,
  },
  solutions: {
    '1-deploy.sh': deploy,
    '2-expose.sh': expose,
    '3-call.sh': call,
    '4-scale.sh': scale,
    '5-roll-out.sh': rollOut,
    '6-roll-back.sh': rollBack,
    '7-kill-a-pod.sh': killPod,
    '8-stop-a-node.sh': stopNode,
  },
};
