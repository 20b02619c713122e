/**
 * Serves the files of `@antiphon/client`, for pages without a bundler:
 * `import { call } from "/antiphon/index.js"`.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** The files by name. No other file can be requested. */
export const files = [
  "index.js",
  "line.js",
  "microphone.js",
  "loudspeaker.js",
  "capture.worklet.js",
  "play.worklet.js"
] as const

const headers = { "x-content-type-options": "nosniff", "cache-control": "no-cache" }
const contentType = "text/javascript; charset=utf-8"
const notAllowed = HttpServerResponse.empty({ status: 405, headers: { allow: "GET" } })

/** Layer that adds the files to a router, below `/antiphon` by default. */
export const layer = (path: `/${string}` = "/antiphon"): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const platform = yield* HttpPlatform.HttpPlatform
      const router = yield* HttpRouter.HttpRouter
      const folder = dirname(createRequire(import.meta.url).resolve("@antiphon/client"))
      for (const name of files) {
        const file = Effect.orDie(platform.fileResponse(join(folder, name), { contentType, headers }))
        yield* router.add("*", `${path}/${name}`, ({ method }) =>
          method === "GET" || method === "HEAD" ? file : Effect.succeed(notAllowed)
        )
      }
    })
  ).pipe(Layer.provide(NodeHttpServer.layerHttpServices))
