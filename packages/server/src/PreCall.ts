/**
 * Decides, before a call starts, whether to accept it and how the platform should set it up.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import type { Json } from "@antiphon/core/JsonText"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * The call is accepted. `metadata` is merged over the request's metadata; `config` is passed to the platform unchanged.
 */
export interface Accepted {
  readonly _tag: "Accepted"
  readonly metadata: Json
  readonly config: Json
}

/** The call is declined: the platform gets 403. */
export interface Rejected {
  readonly _tag: "Rejected"
}

/** Failure of a handler that chooses the HTTP response itself. */
export class HttpError extends Schema.TaggedError<HttpError>()("PreCallHttpError", {
  status: Schema.Int,
  /** Any JSON; it becomes the `detail` of the response. */
  detail: Schema.Unknown,
  headers: Schema.optional(Schema.Record(Schema.String, Schema.String))
}) {}

/** Decides about a call. Failures other than `HttpError` are logged and answered with 500. */
export interface Handler<out E = never, out R = never> {
  (request: CallRequest): Effect.Effect<Accepted | Rejected, HttpError | E, R>
}

/**
 * Accepts the call. `config` may contain `tts` (`voice_id`, `model`, `language`, `pronunciation_dict_id`) and `stt`
 * (`language`).
 */
export const accept = (options: { readonly metadata?: Json; readonly config?: Json } = {}): Accepted => ({
  _tag: "Accepted",
  metadata: options.metadata ?? {},
  config: options.config ?? {}
})

/** Declines the call. */
export const reject: Rejected = { _tag: "Rejected" }
