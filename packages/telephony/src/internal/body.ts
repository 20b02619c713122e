/** Reads request bodies within limits of size and time. */
import type * as ByteSize from "effect/ByteSize"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { MaxBodySize } from "effect/http/HttpIncomingMessage"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** Reads the body. Fails with the response if it is too long or too slow. */
export const read = (
  request: HttpServerRequest,
  { maxSize, within }: { readonly maxSize: ByteSize.ByteSize; readonly within: Duration.Duration }
): Effect.Effect<string, HttpServerResponse.HttpServerResponse> =>
  Effect.provideService(request.text, MaxBodySize, maxSize).pipe(
    Effect.mapError(() => HttpServerResponse.text("The body could not be read", { status: 400 })),
    Effect.timeoutOrElse({
      duration: within,
      orElse: () => Effect.fail(HttpServerResponse.text("The body came too late", { status: 408 }))
    })
  )
