/**
 * What an agent remembers about its callers across calls.
 *
 * Every field is declared with its schema, purpose and retention; undeclared data is never kept. Memory can be shown to
 * the caller, and deleted as a whole, by field or by age.
 *
 * ```ts
 * const Guest = Memory.declare({
 *   name: Memory.field(Schema.String, { purpose: "to greet the guest by name", keptFor: "365 days" }),
 *   allergies: Memory.field(Schema.Array(Schema.String), { purpose: "to keep the guest safe", keptFor: "90 days" })
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as StoredName from "../internal/storedName.ts"
import * as CallerName from "./internal/callerName.ts"
import { MemoryError, MemoryStore } from "./MemoryStore.ts"
import type * as Store from "./MemoryStore.ts"

/** A field of memory. */
export interface Field<A = unknown> {
  readonly schema: Schema.Codec<A, unknown>
  /** Its purpose, in words for the caller, such as "to greet the guest by name". */
  readonly purpose: string
  /** How long to keep it after the last write. */
  readonly keptFor: Duration.Duration
}

/** Declares a field. */
export const field = <A>(
  schema: Schema.Codec<A, unknown>,
  options: { readonly purpose: string; readonly keptFor: Duration.Input }
): Field<A> => ({ schema, purpose: options.purpose, keptFor: Duration.fromInputUnsafe(options.keptFor) })

/** Fields by name. */
export type Fields = { readonly [name: string]: Field }

/** The fields to keep about a caller. */
export interface Declaration<F extends Fields = Fields> {
  readonly fields: F
}

/**
 * Declares the fields to keep. Names consist of letters, digits and underscores, have at most 100 characters, and must
 * not be `forget`, the model's name for fields to delete. Throws otherwise.
 */
export const declare = <const F extends Fields>(fields: F): Declaration<F> => {
  const odd = Object.keys(fields).find((name) => !isName(name) || name === "forget" || name === "__proto__")
  if (odd !== undefined) throw new TypeError(`"${odd}" is not a valid name for a memory field`)
  return { fields }
}

/** The values known about a caller. Unknown fields are absent. */
export type Known<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Field<infer A> ? A : never }

/** The values learned about a caller: a value replaces the previous one, null deletes it, and absent fields stay. */
export type Learned<F extends Fields> = {
  readonly [K in keyof F]?: (F[K] extends Field<infer A> ? A : never) | null | undefined
}

/** A value as shown to the caller. */
export interface Shown {
  readonly field: string
  readonly value: unknown
  /** Undefined if the field is no longer declared. */
  readonly purpose: string | undefined
  /** In milliseconds since 1970. */
  readonly writtenAt: number
  readonly keptUntil: number
  readonly callId: string
}

/** Reads the values known about a caller. Values that no longer match the schema of their field are left out. */
export const recall = <F extends Fields>(
  declaration: Declaration<F>,
  caller: string
): Effect.Effect<Known<F>, MemoryError, MemoryStore> =>
  Effect.map(rowsOf(caller), (rows) => {
    const known: Record<string, unknown> = {}
    for (const { field, value } of rows) {
      const declared = Object.hasOwn(declaration.fields, field) ? declaration.fields[field] : undefined
      if (declared === undefined) continue
      const decoded = codecOf(declared).decode(value)
      if (Result.isSuccess(decoded)) known[field] = decoded.success
    }
    return known as Known<F>
  })

/**
 * Writes the values learned about a caller, all or none. Fails with the reason `Value` if a value does not match its
 * field, without quoting it, and with `InvalidCaller` if the caller's name has no characters or more than 300.
 * Undeclared fields are not kept.
 */
export const keep = <F extends Fields>(
  { fields }: Declaration<F>,
  caller: string,
  learned: Learned<F>,
  { callId = "" }: { readonly callId?: string | undefined } = {}
): Effect.Effect<void, MemoryError, MemoryStore> =>
  Effect.gen(function* () {
    if (!isCaller(caller)) return yield* invalidCaller
    const now = yield* Clock.currentTimeMillis
    const rows: Array<Store.Row> = []
    const deleted: Array<string> = []
    for (const [name, value] of Object.entries(learned)) {
      const declared = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (declared === undefined || value === undefined) continue
      if (value === null) {
        deleted.push(name)
        continue
      }
      const encoded = codecOf(declared).encode(value)
      if (Result.isFailure(encoded)) {
        return yield* new MemoryError({
          reason: "Value",
          description: `a value for "${name}" is not what the field holds`
        })
      }
      const keptUntil = whole(now + Duration.toMillis(declared.keptFor))
      rows.push({ field: name, value: encoded.success, writtenAt: now, keptUntil, callId })
    }
    const store = yield* MemoryStore
    // Uninterruptible, so that an interruption can neither leave half of a write nor lose it.
    yield* Effect.uninterruptible(store.write(caller, { rows, deleted }))
  })

/** Returns everything kept about a caller, to show them, including fields no longer declared. */
export const show = (
  caller: string,
  declaration: Declaration = { fields: {} }
): Effect.Effect<ReadonlyArray<Shown>, MemoryError, MemoryStore> =>
  Effect.map(rowsOf(caller), (rows) =>
    rows.map(({ value, ...row }) => ({
      ...row,
      value: Result.getOrElse(parse(value), () => value),
      purpose: Object.hasOwn(declaration.fields, row.field) ? declaration.fields[row.field]?.purpose : undefined
    }))
  )

/** Deletes everything about a caller, or only some fields. Returns the number of values deleted. */
export const forget = (
  caller: string,
  fields?: ReadonlyArray<string>
): Effect.Effect<number, MemoryError, MemoryStore> =>
  isCaller(caller)
    ? MemoryStore.use((store) => store.forget({ caller, fields: fields?.filter(isName) }))
    : Effect.succeed(0)

/** Deletes values older than this, of all callers. Returns the number of values deleted. */
export const forgetOlderThan = (age: Duration.Input): Effect.Effect<number, MemoryError, MemoryStore> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    MemoryStore.use((store) =>
      store.forget({ writtenBefore: whole(now - Duration.toMillis(Duration.fromInputUnsafe(age))) })
    )
  )

/** Deletes expired values. Returns the number of values deleted. */
export const expire: Effect.Effect<number, MemoryError, MemoryStore> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
  MemoryStore.use((store) => store.forget({ keptUntil: now }))
)

/** Returns the callers with memory, most recent first. At most 1000 by default. */
export const callers = (
  limit = 1000
): Effect.Effect<ReadonlyArray<{ readonly caller: string; readonly writtenAt: number }>, MemoryError, MemoryStore> =>
  MemoryStore.use((store) => store.callers(whole(limit)))

/** Layer that deletes expired values: when it is built, and then every hour by default. Failures are logged. */
export const layerExpiry = (every: Duration.Input = "1 hour"): Layer.Layer<never, never, MemoryStore> =>
  Layer.effectDiscard(
    expire.pipe(
      Effect.tap((count) =>
        count === 0 ? Effect.void : Effect.logInfo(`memory: ${count} values were kept long enough`)
      ),
      Effect.catch((error) => Effect.logWarning(`memory: ${error.message}`)),
      Effect.repeat(Schedule.spaced(every)),
      Effect.forkScoped
    )
  )

/**
 * Pseudonymises a caller by HMAC-SHA-256 with a secret. The same caller and secret give the same name. Without the
 * secret, numbers cannot be guessed and compared. Throws if the secret is empty.
 */
export const hashed = (secret: Redacted.Redacted): ((caller: string) => Effect.Effect<string>) => {
  if (Redacted.value(secret).trim() === "") {
    throw new TypeError("the secret for memory is empty: set it, or give none, so that callers are kept as they are")
  }
  return (caller) =>
    Effect.map(
      Effect.promise(() => sign(Redacted.value(secret), caller)),
      (signed) => Array.from(new Uint8Array(signed), (byte) => byte.toString(16).padStart(2, "0")).join("")
    )
}

const sign = (secret: string, text: string): Promise<ArrayBuffer> => {
  const bytes = new TextEncoder()
  return crypto.subtle
    .importKey("raw", bytes.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
    .then((key) => crypto.subtle.sign("HMAC", key, bytes.encode(text)))
}

const rowsOf = (caller: string) =>
  isCaller(caller)
    ? Effect.flatMap(Clock.currentTimeMillis, (now) => MemoryStore.use((store) => store.read(caller, now)))
    : Effect.succeed([])

/** Whether a caller can have memory: by any other name, nothing was ever kept. */
const isCaller = (caller: string): boolean => StoredName.isStorable(caller, CallerName.longest)

const invalidCaller = new MemoryError({
  reason: "InvalidCaller",
  description: "the name of a caller must have 1 to 300 characters, none of them NUL or half of a character"
})

/** Fields have no other names. */
const isName = (name: string): boolean => /^\w{1,100}$/.test(name)

/** A time or a number of rows as databases take it. */
const whole = (value: number): number => Math.min(Math.max(0, Math.ceil(value)), Number.MAX_SAFE_INTEGER)

const makeCodec = ({ schema }: Field) => {
  const json = Schema.fromJsonString(Schema.toCodecJson(schema))
  return {
    decode: Schema.decodeUnknownResult(json),
    encode: Schema.encodeUnknownResult(json) as (value: unknown) => Result.Result<string, unknown>
  }
}

const codecs = new WeakMap<Field, ReturnType<typeof makeCodec>>()

const codecOf = (field: Field): ReturnType<typeof makeCodec> => {
  let codec = codecs.get(field)
  if (codec === undefined) {
    codec = makeCodec(field)
    codecs.set(field, codec)
  }
  return codec
}

const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))
