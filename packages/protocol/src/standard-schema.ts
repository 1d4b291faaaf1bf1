/**
 * A validator: the part of Standard Schema v1 (standardschema.dev) that is needed, so that zod, valibot, arktype and
 * others are one here and none is a dependency. `Input` is what may be sent, `Output` what comes out of the check.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator of the Standard Schema says of a value: the value as it is to be, or issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** Why a validator refuses a value. */
export interface StandardIssue {
  readonly message: string;
  /** Where in the value, as keys or as objects with a `key`. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a validator takes; any other type stands for itself. */
export type InputOf<T> = T extends StandardSchema<infer Input, infer _Output> ? Input : T;

/** What a validator gives; any other type stands for itself. */
export type OutputOf<T> = T extends StandardSchema<infer _Input, infer Output> ? Output : T;
