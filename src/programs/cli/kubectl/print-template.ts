/** `-o go-template`, `go-template-file`, `template` and `templatefile` (k8s.io/cli-runtime/pkg/printers/template.go, v0.34). */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import { executeGoTemplate } from '../../../ground/lang/go-template/execute.ts';
import { parseGoTemplate } from '../../../ground/lang/go-template/parser.ts';
import { printed } from '../../../ground/lang/go-template/values.ts';
import { formatJson } from '../../../ground/lang/json.ts';
import type { Loose } from './api.ts';
import { fail, type Outcome } from './failure.ts';
import type { Session } from './session.ts';

/** The printer of a template, which stands in the argument or in a file; `shown` is what people see of an object. */
export function goTemplatePrinter(
  session: Session,
  kind: string,
  argument: string,
  shown: (session: Session, object: Loose) => Loose,
): Outcome<(object: Loose) => Result<string, string>> {
  if (argument === '') return fail('template format specified but no template given');
  let source = argument;
  if (kind.endsWith('file')) {
    const text = session.process.files.readText(argument);
    if (!text.ok)
      return fail(
        `error reading --template ${argument}, open ${argument}: no such file or directory\n`,
      );
    source = text.value;
  }
  const template = parseGoTemplate(source, 'output');
  if (!template.ok) return fail(`error parsing template ${source}, ${template.error}\n`);
  const strict = !session.flags.bool('allow-missing-template-keys');
  return ok((object) => {
    const value = shown(session, object);
    const done = executeGoTemplate(template.value, value, strict);
    if (done.error === undefined) return ok(done.text);
    // Upstream shows what was printed so far, and all that the template was given.
    const data = formatJson(value, { sortKeys: true });
    session.process.stdout.post(
      `${done.text}Error executing template: ${done.error}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${source}\n\traw data was:\n\t\t${data}\n\tobject given to template engine was:\n\t\t${printed(value)}\n\n`,
    );
    return err(`error executing template ${quote(source)}: ${done.error}`);
  });
}
