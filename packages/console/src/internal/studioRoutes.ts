/** The studio over HTTP, for the page: JSON under `/console`. */
import * as Entrance from "@antiphon/server/Entrance"
import type * as Settings from "@antiphon/server/Settings"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Studio from "../Studio.ts"

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" }
const json = (value: unknown, status = 200) =>
  Effect.succeed(HttpServerResponse.text(JSON.stringify(value), { status, headers, contentType: "application/json" }))
const statusOf = { NotFound: 404, Impossible: 409 } as const

const ForkBody = Schema.fromJsonString(
  Schema.Struct({
    turn: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
    systemPrompt: Schema.optional(Schema.String),
    model: Schema.optional(Schema.String)
  })
)
const FaultsBody = Schema.fromJsonString(Studio.Faults)

/** Longest body: a system prompt may be long. */
const longestBodyBytes = 256 * 1024

const decoded = <A>(text: string, schema: Schema.Codec<A, string>) =>
  Effect.mapError(
    Schema.decodeEffect(schema)(text),
    () => new Studio.StudioError({ reason: "Impossible", message: "The request cannot be read." })
  )

/** Layer of the routes. Each keeps to the token and the origins of the server. */
export const layer = <R>(
  studio: Studio.Studio<R>,
  settings: Settings.Overrides = {}
): Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const reception = yield* Entrance.reception(settings)
      const router = yield* HttpRouter.HttpRouter
      const read = Entrance.bodyReader(reception, longestBodyBytes)
      const body = <A>(request: HttpServerRequest, schema: Schema.Codec<A, string>) =>
        Effect.flatMap(read(request), (text) => decoded(text, schema))
      const route = (
        method: "GET" | "POST" | "PUT",
        path: `/${string}`,
        answer: (
          id: string,
          request: HttpServerRequest
        ) => Effect.Effect<
          HttpServerResponse.HttpServerResponse,
          Studio.StudioError | HttpServerResponse.HttpServerResponse
        >
      ) =>
        router.add(method, path, (request) =>
          Effect.gen(function* () {
            yield* Entrance.admit(request, reception)
            const { id = "" } = yield* HttpRouter.params
            return yield* Effect.catchIf(
              answer(id, request),
              (error): error is Studio.StudioError => error instanceof Studio.StudioError,
              ({ message, reason }) => json({ error: message }, statusOf[reason])
            )
          }).pipe(Effect.catch((refused: HttpServerResponse.HttpServerResponse) => Effect.succeed(refused)))
        )

      yield* route("GET", "/console/calls", () => Effect.flatMap(studio.calls, (calls) => json(calls)))
      yield* route("GET", "/console/calls/:id", (id) => Effect.flatMap(studio.call(id), (call) => json(call)))
      yield* route("GET", "/console/calls/:id/recording", (id) =>
        Effect.map(studio.recording(id), (text) =>
          HttpServerResponse.text(text, {
            headers: { ...headers, "content-disposition": 'attachment; filename="call.jsonl"' },
            contentType: "application/jsonl"
          })
        )
      )
      yield* route("GET", "/console/calls/:id/audio", (id) =>
        Effect.map(studio.listen(id), (heard) =>
          HttpServerResponse.stream(heard, { headers, contentType: "audio/wav" })
        )
      )
      yield* route("POST", "/console/calls/:id/hangup", (id) => Effect.andThen(studio.hangUp(id), json({})))
      yield* route("POST", "/console/calls/:id/fork", (id, request) =>
        Effect.flatMap(body(request, ForkBody), (fork) => Effect.flatMap(studio.fork(id, fork), (call) => json(call)))
      )
      yield* route("GET", "/console/faults", () => Effect.flatMap(studio.faults, (faults) => json(faults)))
      yield* route("PUT", "/console/faults", (_, request) =>
        Effect.flatMap(body(request, FaultsBody), (faults) => Effect.andThen(studio.setFaults(faults), json(faults)))
      )
    })
  ) as Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter>
