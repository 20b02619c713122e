/**
 * What an agent remembers of its callers across calls.
 *
 * What is kept is declared: each field with its schema, what it is for, and how long it is kept. What is declared nowhere is
 * never kept. It can be shown to the caller and deleted, in whole, by field or by age.
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
import { MemoryError, MemoryStore } from "./MemoryStore.ts"
import type * as Store from "./MemoryStore.ts"

/** Something that is kept of a caller. */
export interface Field<A = unknown> {
  readonly schema: Schema.Codec<A, unknown>
  /** What it is for, in words that the caller may read: "to greet the guest by name". */
  readonly purpose: string
  /** How long it is kept after it was last written. */
  readonly keptFor: Duration.Duration
}

/** Declares a field. */
export const field = <A>(
  schema: Schema.Codec<A, unknown>,
  options: { readonly purpose: string; readonly keptFor: Duration.Input }
): Field<A> => ({ schema, purpose: options.purpose, keptFor: Duration.fromInputUnsafe(options.keptFor) })

/** Fields by name. */
export type Fields = { readonly [name: string]: Field }

/** All that is kept of a caller. */
export interface Declaration<F extends Fields = Fields> {
  readonly fields: F
}

/**
 * Declares what is kept. Field names are of letters, digits and underscores, at most 100 characters, and not `forget`, which is
 * what a model calls the fields that are to go. Throws if one is not.
 */
export const declare = <const F extends Fields>(fields: F): Declaration<F> => {
  const odd = Object.keys(fields).find((name) => !/^\w{1,100}$/.test(name) || name === "forget")
  if (odd !== undefined) throw new TypeError(`"${odd}" cannot be the name of a field of memory`)
  return { fields }
}

/** What is known of a caller. A field that is not known is missing. */
export type Known<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Field<infer A> ? A : never }

/** What is learned of a caller: a value replaces the one before, null forgets it, and what is missing stays. */
export type Learned<F extends Fields> = {
  readonly [K in keyof F]?: (F[K] extends Field<infer A> ? A : never) | null | undefined
}

/** Something that is kept, as the caller may see it. */
export interface Shown {
  readonly field: string
  readonly value: unknown
  /** Undefined if the field is declared no more. */
  readonly purpose: string | undefined
  /** In milliseconds since 1970. */
  readonly writtenAt: number
  readonly keptUntil: number
  readonly callId: string
}

/**
 * What is known of a caller. Values that do not fit their field any more, because its schema has changed, are left out.
 */
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
 * Keeps what was learned of a caller, all of it or nothing. Fails with the reason `Value`, and without the value, if one does
 * not fit its field. What is not declared is not kept.
 */
export const keep = <F extends Fields>(
  { fields }: Declaration<F>,
  caller: string,
  learned: Learned<F>,
  { callId = "" }: { readonly callId?: string | undefined } = {}
): Effect.Effect<void, MemoryError, MemoryStore> =>
  Effect.gen(function* () {
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
      const keptUntil = Math.min(now + Duration.toMillis(declared.keptFor), Number.MAX_SAFE_INTEGER)
      rows.push({ field: name, value: encoded.success, writtenAt: now, keptUntil, callId })
    }
    const store = yield* MemoryStore
    // Begun, it is finished: an interruption must not find half of it, nor lose what is under way.
    yield* Effect.uninterruptible(store.write(caller, { rows, deleted }))
  })

/** All that is kept of a caller, to be shown to them: also what is declared no more. */
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

/** Deletes what is kept of a caller, or only some fields of it. Gives how many values that were. */
export const forget = (
  caller: string,
  fields?: ReadonlyArray<string>
): Effect.Effect<number, MemoryError, MemoryStore> => MemoryStore.use((store) => store.forget({ caller, fields }))

/** Deletes what was written longer ago than this, of all callers. Gives how many values that were. */
export const forgetOlderThan = (age: Duration.Input): Effect.Effect<number, MemoryError, MemoryStore> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    MemoryStore.use((store) => store.forget({ writtenBefore: now - Duration.toMillis(Duration.fromInputUnsafe(age)) }))
  )

/** Deletes what may be kept no longer. Gives how many values that were. */
export const expire: Effect.Effect<number, MemoryError, MemoryStore> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
  MemoryStore.use((store) => store.forget({ keptUntil: now }))
)

/** The callers of whom something is kept, the latest first. 1000 at most if nothing else is said. */
export const callers = (
  limit = 1000
): Effect.Effect<ReadonlyArray<{ readonly caller: string; readonly writtenAt: number }>, MemoryError, MemoryStore> =>
  MemoryStore.use((store) => store.callers(limit))

/** Layer that deletes what may be kept no longer: when it is built, and then every hour. A failure is logged, and it goes on. */
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
 * Replaces the name of a caller by one that does not tell who it is: HMAC-SHA-256 with a secret. The same caller has the same
 * name as long as the secret is the same, and without the secret nobody can try out numbers.
 */
export const hashed =
  (secret: Redacted.Redacted) =>
  (caller: string): Effect.Effect<string> =>
    Effect.map(
      Effect.promise(() => sign(Redacted.value(secret), caller)),
      (signed) => Array.from(new Uint8Array(signed), (byte) => byte.toString(16).padStart(2, "0")).join("")
    )

const sign = (secret: string, text: string): Promise<ArrayBuffer> => {
  const bytes = new TextEncoder()
  return crypto.subtle
    .importKey("raw", bytes.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
    .then((key) => crypto.subtle.sign("HMAC", key, bytes.encode(text)))
}

const rowsOf = (caller: string) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => MemoryStore.use((store) => store.read(caller, now)))

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
