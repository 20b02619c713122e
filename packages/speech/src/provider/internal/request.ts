/** Requests over HTTP: refusals and silence become `SpeechError`s. Interruption aborts the request. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Connection from "../../internal/connection.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as VendorReason from "../../internal/vendorReason.ts"

/** What to send. */
export interface Options extends Connection.Timing {
  readonly provider: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | FormData
}

/** Streams the bytes of the answer. Fails if nothing arrives for `answerTimeout`. */
export const stream = (options: Options): Stream.Stream<Uint8Array, SpeechError.SpeechError> =>
  Stream.unwrap(
    Effect.map(post(options), (response) =>
      response.body === null
        ? Stream.empty
        : Stream.fromReadableStream({
            evaluate: () => response.body!,
            onError: () => SpeechError.make(options.provider, { _tag: "Closed", closeCode: 1006 })
          }).pipe(
            Stream.timeoutOrElse({
              duration: options.answerTimeout ?? "5 seconds",
              orElse: () => Stream.fail(late(options))
            })
          )
    )
  )

/** Returns the JSON of the answer. */
export const json = (options: Options): Effect.Effect<unknown, SpeechError.SpeechError> =>
  Effect.scoped(
    Effect.flatMap(post(options), (response) =>
      Effect.tryPromise({
        try: () => response.json() as Promise<unknown>,
        catch: () => SpeechError.make(options.provider, { _tag: "BadAnswer", what: "not JSON" })
      })
    )
  ).pipe(
    Effect.timeoutOrElse({
      duration: options.answerTimeout ?? "5 seconds",
      orElse: () => Effect.fail(late(options))
    })
  )

/** Opens a connection by a request that costs nothing. Ignores the answer. */
export const greet = (
  provider: string,
  url: string,
  headers: Readonly<Record<string, string>>
): Effect.Effect<void, SpeechError.SpeechError> =>
  Effect.tryPromise({
    try: (signal) => fetch(url, { headers, signal }).then((response) => response.arrayBuffer()),
    catch: () => SpeechError.make(provider, { _tag: "Unreachable" })
  }).pipe(Effect.asVoid)

/** Aborted when its scope closes, so that a reply stops costing money once it is cut off. */
const post = (options: Options) =>
  Effect.gen(function* () {
    const controller = yield* Effect.acquireRelease(
      Effect.sync(() => new AbortController()),
      (controller) => Effect.sync(() => controller.abort())
    )
    const response = yield* Effect.tryPromise({
      try: () =>
        fetch(options.url, {
          method: "POST",
          headers: options.headers,
          body: options.body,
          signal: controller.signal
        }),
      catch: (cause) => SpeechError.make(options.provider, { _tag: "Unreachable", code: systemCode(cause) })
    }).pipe(
      Effect.timeoutOrElse({
        duration: options.answerTimeout ?? "5 seconds",
        orElse: () => Effect.fail(late(options))
      })
    )
    if (response.ok) return response
    const text = yield* Effect.promise(() => response.text().catch(() => ""))
    const after = Number(response.headers.get("retry-after") ?? Number.NaN)
    return yield* SpeechError.make(
      options.provider,
      VendorReason.fromStatus(response.status, {
        retryAfterMs: Number.isFinite(after) ? after * 1000 : undefined,
        code: codeOf(text)
      }),
      text
    )
  })

const late = (options: Options) =>
  SpeechError.make(options.provider, {
    _tag: "TimedOut",
    what: "answer",
    afterMs: Duration.toMillis(options.answerTimeout ?? "5 seconds")
  })

const systemCode = (cause: unknown): string | undefined => {
  const inner = cause instanceof Error ? cause.cause : undefined
  return typeof inner === "object" && inner !== null && "code" in inner
    ? VendorReason.readableCode(inner.code)
    : undefined
}

/** The code in an error in OpenAI's format. */
const codeOf = (text: string): string | undefined => {
  const found = /"code"\s*:\s*"([\w.-]{1,64})"/.exec(text)
  return found?.[1]
}
