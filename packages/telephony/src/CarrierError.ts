/**
 * Why a request to a carrier's API failed: no credentials, no answer, or a refusal.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Why it failed. `status` is the HTTP status, `code` the carrier's own code, such as Twilio's 21211. */
export const Reason = Schema.TaggedUnion({
  /** None of these environment variables is set. */
  MissingKey: { variables: Schema.Array(Schema.String) },
  /** No connection could be made, or no answer came in time. */
  Unreachable: {},
  /** The credentials were refused. */
  Unauthorized: { status: Schema.Int, code: Schema.optional(Schema.Int) },
  /** The call has ended, or never existed. */
  NotFound: { status: Schema.Int, code: Schema.optional(Schema.Int) },
  /** The request was refused, for example because the number cannot be called or the account has no credit. */
  Refused: { status: Schema.Int, code: Schema.optional(Schema.Int) },
  /** The answer could not be read. */
  BadAnswer: {}
})
export type Reason = typeof Reason.Type

/** A request to a carrier's API failed. `detail` is the carrier's answer, which may contain telephone numbers. */
export class CarrierError extends Schema.TaggedError<CarrierError>()("CarrierError", {
  carrier: Schema.String,
  reason: Reason,
  detail: Schema.optional(Schema.Redacted(Schema.String))
}) {
  override get message(): string {
    return `${this.carrier}: ${describe(this.reason)}`
  }
}

const describe = (reason: Reason): string => {
  switch (reason._tag) {
    case "MissingKey":
      return `set ${reason.variables.join(" and ")}`
    case "Unreachable":
      return "no answer"
    case "Unauthorized":
      return `the credentials were refused${coded(reason)}`
    case "NotFound":
      return `there is no such call${coded(reason)}`
    case "Refused":
      return `the request was refused${coded(reason)}`
    case "BadAnswer":
      return "the answer could not be read"
  }
}

const coded = ({ code, status }: { readonly status: number; readonly code?: number | undefined }): string =>
  ` (${status}${code === undefined ? "" : `, code ${code}`})`
