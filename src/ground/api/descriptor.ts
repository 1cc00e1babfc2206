/**
 * The resource descriptor: one value per resource, from which discovery, OpenAPI, `explain`, tables,
 * patching and the support table are made. Adding a kind touches one file. Everything in a descriptor
 * is a pure function of frozen objects; what needs a clock, a random draw or the store is the
 * registry's (spine/apiserver/generic).
 */
import type { WallTime } from '../base/time.ts';
import type { FieldError } from './field-error.ts';
import type { KubeObject } from './object.ts';

export interface Subresource {
  /** `status`, `scale`, `log`, `binding` … */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Verbs as discovery lists them. */
  readonly verbs: readonly string[];
}

/** A printer column; `priority` > 0 shows with `-o wide` only. */
export interface Column<T> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly format: string;
  readonly description: string;
  readonly priority: number;
  cell(object: T, now: WallTime): string | number;
}

/** What a field does here, for law 5. Absent: the field is simulated. */
export interface Unsupported {
  /** Path with `*` for list items and map values: `spec.hostPID`, `spec.containers[*].tty`. */
  readonly path: string;
  /** `ignored`: accepted with a Warning that it has no effect here; `refused`: answered as forbidden. */
  readonly how: 'ignored' | 'refused';
  /** One sentence for the support table. */
  readonly why: string;
}

export interface ResourceDescriptor<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  /** Plural: `deployments`. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Below /registry: `pods`, `minions`, `services/specs`. */
  readonly storagePrefix: string;
  /** Name of its definition in the field table: `apps.v1.Deployment`. */
  readonly schema: string;
  /** True for reviews: created, answered, never stored. */
  readonly virtual?: boolean;
  /** Fills in defaults (pkg/apis/<group>/<version>/defaults.go). */
  defaults(object: T): T;
  validateCreate(object: T): readonly FieldError[];
  validateUpdate(object: T, old: T): readonly FieldError[];
  /** For PUT and PATCH of /status. */
  validateStatusUpdate?(object: T, old: T): readonly FieldError[];
  /** What a client may not set on create: status is dropped, generation starts at 1 … */
  prepareForCreate(object: T): T;
  /** Keeps what an update of the main resource may not change (status), and raises the generation. */
  prepareForUpdate(object: T, old: T): T;
  /** Keeps all but the status. */
  prepareForStatusUpdate(object: T, old: T): T;
  /** PUT without resourceVersion is allowed. */
  readonly unconditionalUpdate: boolean;
  /** PUT of an absent object creates it (leases, endpoints … never with a uid). */
  readonly createOnUpdate: boolean;
  readonly columns: readonly Column<T>[];
  /** Selectable fields by path, besides metadata.name and metadata.namespace. */
  readonly fields: ReadonlyMap<string, (object: T) => string>;
  /** Told to whoever asks for the resource, reading or writing (APIDeprecated and its kin). */
  readonly deprecation?: string;
  /** Warnings for a write, besides those of unsupported fields. */
  warnings?(object: T): readonly string[];
  readonly unsupported: readonly Unsupported[];
}
