/**
 * How a command fails, and what kubectl then prints (k8s.io/kubectl/pkg/cmd/util/helpers.go, v0.34):
 * texts get `error: ` before them, Statuses `Error from server (Reason): `, refused fields a list,
 * broken connections their own two sentences, and several failures a line each.
 */
import { err, type Err, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { ApiError } from '../../../spine/client/types.ts';

export { isNotFound } from '../../../spine/client/api-error.ts';

export type Failure =
  | { readonly kind: 'text'; readonly text: string }
  /** `doing`: `error when creating "web.yaml"`, before the server's message. */
  | { readonly kind: 'api'; readonly error: ApiError; readonly doing?: string }
  /** Printed as it is. */
  | { readonly kind: 'plain'; readonly text: string; readonly code?: number }
  /** Ends with a code and without a word. */
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'several'; readonly list: readonly Failure[] };

export type Outcome<T = void> = Result<T, Failure>;

/** A failure of kubectl itself: `error: <text>`. */
export function fail(text: string): Err<Failure> {
  return err({ kind: 'text', text });
}

export function failApi(error: ApiError, doing?: string): Err<Failure> {
  return err(apiFailure(error, doing));
}

export function apiFailure(error: ApiError, doing?: string): Failure {
  return doing === undefined ? { kind: 'api', error } : { kind: 'api', error, doing };
}

export function textFailure(text: string): Failure {
  return { kind: 'text', text };
}

/** Ends with a code and without a word. */
export function exitWith(code: number): Err<Failure> {
  return err({ kind: 'exit', code });
}

/** None, the only one, or all of them together. */
export function together(failures: readonly Failure[]): Failure | undefined {
  return failures.length > 1 ? { kind: 'several', list: failures } : failures[0];
}

/** What to print on standard error, and the exit code. */
export function formatFailure(failure: Failure): { readonly text: string; readonly code: number } {
  switch (failure.kind) {
    case 'exit':
      return { text: '', code: failure.code };
    case 'plain':
      return { text: lineOf(failure.text), code: failure.code ?? 1 };
    case 'text':
      return { text: lineOf(withError(failure.text)), code: 1 };
    case 'api': {
      const known = apiText(failure.error, failure.doing);
      return { text: lineOf(known ?? withError(bareText(failure))), code: 1 };
    }
    case 'several': {
      const lines = failure.list.map((each) => lineOf(messageOf(each)));
      return { text: lines.join(''), code: 1 };
    }
  }
}

/** One of several: a text stands there without `error: `. */
export function messageOf(failure: Failure): string {
  if (failure.kind === 'text') return failure.text;
  if (failure.kind === 'api') return apiText(failure.error, failure.doing) ?? bareText(failure);
  return formatFailure(failure).text;
}

function lineOf(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function withError(text: string): string {
  return text.startsWith('error: ') ? text : `error: ${text}`;
}

function bareText(failure: { readonly error: ApiError; readonly doing?: string }): string {
  const { error, doing } = failure;
  return doing === undefined ? error.message : `${doing}: ${error.message}`;
}

function apiText(error: ApiError, doing: string | undefined): string | undefined {
  if (error.transport !== undefined) return transportText(error, doing);
  if (error.status === undefined) return undefined;
  if (error.reason === 'Invalid') return invalidText(error);
  const message = doing === undefined ? error.message : `${doing}: ${error.message}`;
  if (error.reason === 'Unauthorized') {
    return `error: You must be logged in to the server (${message})`;
  }
  return error.reason === ''
    ? `Error from server: ${message}`
    : `Error from server (${error.reason}): ${message}`;
}

function transportText(error: ApiError, doing: string | undefined): string | undefined {
  if (doing !== undefined) return undefined;
  const match = /^\w+ "([^"]*)": (.*)$/s.exec(error.message);
  const url = match?.[1] ?? '';
  const cause = match?.[2] ?? error.message;
  if (cause.includes('connection refused')) {
    const host = /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? url;
    return `The connection to the server ${host} was refused - did you specify the right host or port?`;
  }
  return `Unable to connect to the server: ${cause}`;
}

/** `The Pod "x" is invalid: spec.a: Required value`, or a list of several causes. */
function invalidText(error: ApiError): string {
  const details = error.status?.details;
  if (details === undefined) return `The request is invalid: ${error.message}`;
  const { kind = '', name = '' } = details;
  const nameless = kind === '' && name === '';
  const head = nameless ? 'The request is invalid' : `The ${kind} ${quote(name)} is invalid`;
  const texts = new Set<string>();
  for (const cause of details.causes ?? []) {
    texts.add(
      cause.field === undefined || cause.field === ''
        ? (cause.message ?? '')
        : `${cause.field}: ${cause.message ?? ''}`,
    );
  }
  if (texts.size === 0) return nameless ? `${head}: ${error.message}` : head;
  // A text that ends its own line, as a diff does, leaves an empty one.
  if (texts.size === 1) return `${head}: ${[...texts].join('')}\n`;
  return `${head}: \n${[...texts].map((text) => `* ${text}\n`).join('')}`;
}
