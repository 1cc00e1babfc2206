/** What a scenario's check answers while it is red, in both languages; keys are FeedbackKey of scenarios/format. */

export const checksEn = {
  'check.missing': 'Not yet: there is no {object}.',
  'check.value': 'Not yet: {path} of {object} is {seen}, wanted {wanted}.',
  'check.no-value': 'Not yet: {object} has no {path}, wanted {wanted}.',
  'check.count': 'Not yet: {seen} of {of}, wanted {wanted} ({kind} {labels}).',
  'check.after': 'Waits for the check above.',
  'check.later': 'Waits for the steps before.',
  'check.not-typed': 'Not yet: no such command was typed in this step.',
  'check.not-called': 'Not yet: no pod has called Service {service} in this step.',
  'check.sending': '{from} is sending requests to {url}.',
  'check.no-sender': 'Not yet: {from} cannot send. {error}.',
  'check.unanswered': 'Not yet: {failed} of {times} requests to {url} got no answer: {error}.',
  'check.status': 'Not yet: {count} of {times} answers have status {seen}, wanted {wanted}.',
  'check.share': 'Not yet: {seen} of {times} answers contain {of}, wanted {wanted}.',
  'check.bodies':
    'Not yet: {seen} different {seen|answer|answers} to {times} requests, wanted {wanted}.',
  'check.hold': 'Not yet: true for {seen} s of {wanted} s.',
  'check.never': 'This attempt failed. Reset step goes back to where the step began.',
  'scenario.unknown': 'There is no scenario {scenario}.',
  'scenario.needs': 'This scenario needs {needs}. This version is Kubernetes {kubernetes}.',
} as const;

export const checksZhCN: Readonly<Record<keyof typeof checksEn, string>> = {
  'check.missing': '还没有：不存在 {object}。',
  'check.value': '还没有：{object} 的 {path} 是 {seen}，应为 {wanted}。',
  'check.no-value': '还没有：{object} 没有 {path}，应为 {wanted}。',
  'check.count': '还没有：{of} 个中有 {seen} 个，应为 {wanted}（{kind} {labels}）。',
  'check.after': '等待上一项检查。',
  'check.later': '等待前面的步骤。',
  'check.not-typed': '还没有：在这一步中未输入过这样的命令。',
  'check.not-called': '还没有：在这一步中没有 Pod 调用过 Service {service}。',
  'check.sending': '{from} 正在向 {url} 发送请求。',
  'check.no-sender': '还没有：{from} 无法发送。{error}。',
  'check.unanswered': '还没有：发往 {url} 的 {times} 个请求中有 {failed} 个没有应答：{error}。',
  'check.status': '还没有：{times} 个应答中有 {count} 个的状态码为 {seen}，应为 {wanted}。',
  'check.share': '还没有：{times} 个应答中有 {seen} 个含 {of}，应为 {wanted}。',
  'check.bodies': '还没有：{times} 个请求得到 {seen} 种应答，应为 {wanted}。',
  'check.hold': '还没有：已保持 {seen} s，需要 {wanted} s。',
  'check.never': '这次尝试失败了。“重置步骤”回到这一步开始的时候。',
  'scenario.unknown': '没有场景 {scenario}。',
  'scenario.needs': '这个场景需要 {needs}，此版本是 Kubernetes {kubernetes}。',
};
