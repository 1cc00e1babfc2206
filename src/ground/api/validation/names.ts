/**
 * Formats of names and values, with upstream's texts
 * (k8s.io/apimachinery/pkg/util/validation/validation.go, v0.34). Each function gives the list of
 * what is wrong, empty when the text is good.
 */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const RELAXED_ENV = /^[ -<>-~]+$/;
const ENV_TEXT =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

const LABEL_RE = new RegExp(`^${LABEL}$`);
const SUBDOMAIN_RE = new RegExp(`^${SUBDOMAIN}$`);
const DNS1035_RE = new RegExp(`^${DNS1035}$`);
const QUALIFIED_RE = new RegExp(`^${QUALIFIED}$`);
const LABEL_VALUE_RE = new RegExp(`^${LABEL_VALUE}$`);
const CONFIG_KEY_RE = new RegExp(`^${CONFIG_KEY}$`);
const PERCENT_RE = /^[0-9]+%$/;

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const DNS1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** `<text> (e.g. 'a', or 'b', regex used for validation is '…')` */
function regexText(text: string, regex: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${regex}')`;
  // Upstream leaves two blanks between a comma and its "or".
  const list = examples.map((example) => `'${example}'`).join(',  or ');
  return `${text} (e.g. ${list}, regex used for validation is '${regex}')`;
}

function tooLong(max: number): string {
  return `must be no more than ${max} bytes`;
}

/** A DNS label: at most 63 characters of a–z, 0–9 and `-`. */
export function isDns1123Label(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 63) errors.push(tooLong(63));
  if (!LABEL_RE.test(text)) {
    // A subdomain that is not a label has dots: upstream says so in its own words.
    errors.push(
      SUBDOMAIN_RE.test(text)
        ? 'must not contain dots'
        : regexText(LABEL_TEXT, LABEL, 'my-name', '123-abc'),
    );
  }
  return errors;
}

/** A DNS subdomain: labels joined by dots, at most 253 characters. */
export function isDns1123Subdomain(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 253) errors.push(tooLong(253));
  if (!SUBDOMAIN_RE.test(text)) errors.push(regexText(SUBDOMAIN_TEXT, SUBDOMAIN, 'example.com'));
  return errors;
}

/** A DNS label that begins with a letter: names of Services. */
export function isDns1035Label(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 63) errors.push(tooLong(63));
  if (!DNS1035_RE.test(text)) {
    errors.push(regexText(DNS1035_TEXT, DNS1035, 'my-name', 'abc-123'));
  }
  return errors;
}

/** `name` or `prefix/name`: keys of labels and annotations, names of resources. */
export function isQualifiedName(text: string): readonly string[] {
  const errors: string[] = [];
  const parts = text.split('/');
  let name = text;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    name = parts[1] as string;
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...isDns1123Subdomain(prefix).map((each) => `prefix part ${each}`));
  } else if (parts.length > 2) {
    const form = regexText(QUALIFIED_TEXT, QUALIFIED, 'MyName', 'my.name', '123-abc');
    return [
      `a qualified name ${form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > 63) errors.push(`name part ${tooLong(63)}`);
  if (!QUALIFIED_RE.test(name)) {
    const form = regexText(QUALIFIED_TEXT, QUALIFIED, 'MyName', 'my.name', '123-abc');
    errors.push(`name part ${form}`);
  }
  return errors;
}

export function isLabelValue(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 63) errors.push(tooLong(63));
  if (!LABEL_VALUE_RE.test(text)) {
    errors.push(regexText(LABEL_VALUE_TEXT, LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  }
  return errors;
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 253) errors.push(tooLong(253));
  if (!CONFIG_KEY_RE.test(text)) {
    errors.push(
      regexText(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  if (text === '.') errors.push("must not be '.'");
  else if (text === '..') errors.push("must not be '..'");
  else if (text.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** Names of environment variables, as 1.34 takes them: printable ASCII but `=`. */
export function isEnvVarName(text: string): readonly string[] {
  if (text === '') return ['environment variable name must be non-empty'];
  return RELAXED_ENV.test(text) ? [] : [ENV_TEXT];
}

/** Names of ports: at most 15 characters of a–z, 0–9 and `-`, at least one letter. */
export function isPortName(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(text)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)');
  if (text.includes('--')) errors.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-'))
    errors.push('must not begin or end with a hyphen');
  return errors;
}

export function isPortNumber(port: number): readonly string[] {
  return port >= 1 && port <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** `25%` */
export function isPercent(text: string): readonly string[] {
  return PERCENT_RE.test(text)
    ? []
    : [
        regexText(
          'a valid percent string must be a numeric string followed by an ending %',
          '[0-9]+%',
          '1%',
          '93%',
        ),
      ];
}

/** Names in RBAC paths: no `/`, `%`, and neither `.` nor `..`. */
export function isPathSegmentName(text: string): readonly string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  const errors: string[] = [];
  if (text.includes('/')) errors.push("may not contain '/'");
  if (text.includes('%')) errors.push("may not contain '%'");
  return errors;
}
