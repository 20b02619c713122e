/**
 * Serves the web console: a page that acts as the harness of a call over `/ws`. It consists of a few files without a
 * build step. Each is named here, so no other file can be requested.
 *
 * @since 0.1.0
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Config from "effect/Config"
import type * as Settings from "@antiphon/server/Settings"
import * as StudioRoutes from "./internal/studioRoutes.ts"
import type * as Studio from "./Studio.ts"
import { fileURLToPath } from "node:url"

const folder = new URL("../public/", import.meta.url)

/** The files of the console with their content types. */
export const files = {
  "index.html": "text/html; charset=utf-8",
  "console.css": "text/css; charset=utf-8",
  "console.js": "text/javascript; charset=utf-8",
  "call.js": "text/javascript; charset=utf-8",
  "conversation.js": "text/javascript; charset=utf-8",
  "events.js": "text/javascript; charset=utf-8",
  "listening.js": "text/javascript; charset=utf-8",
  "microphone.js": "text/javascript; charset=utf-8",
  "panels.js": "text/javascript; charset=utf-8",
  "playback.js": "text/javascript; charset=utf-8",
  "request.js": "text/javascript; charset=utf-8",
  "score.js": "text/javascript; charset=utf-8",
  "side.js": "text/javascript; charset=utf-8",
  "studio.js": "text/javascript; charset=utf-8",
  "voice.html": "text/html; charset=utf-8",
  "voice.css": "text/css; charset=utf-8",
  "voice.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml"
} as const

const headers = {
  // The page may be opened with or without TLS, and `'self'` does not cover WebSockets in every browser.
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache"
}

const notAllowed = HttpServerResponse.empty({ status: 405, headers: { allow: "GET" } })

const json = (value: unknown) => Effect.succeed(HttpServerResponse.jsonUnsafe(value, { headers }))

/** The page and its files. It asks `/console` whether it has a studio. */
const page = (hasStudio: boolean) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const platform = yield* HttpPlatform.HttpPlatform
      const router = yield* HttpRouter.HttpRouter
      yield* router.add("GET", "/console", json({ studio: hasStudio }))
      for (const [name, contentType] of Object.entries(files)) {
        const path = fileURLToPath(new URL(name, folder))
        const file = Effect.orDie(platform.fileResponse(path, { contentType, headers }))
        yield* router.add("*", name === "index.html" ? "/" : `/${name}`, ({ method }) =>
          method === "GET" || method === "HEAD" ? file : Effect.succeed(notAllowed)
        )
      }
    })
  ).pipe(Layer.provide(NodeHttpServer.layerHttpServices))

/** Layer that adds the console to a router, with the page itself at `/`. The page shows its own call. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = page(false)

/**
 * Layer that adds the developer's console: the page, and under `/console` the studio with its calls, models, forks and
 * faults. `settings` are those of the server.
 */
export const layerStudio = <R>(
  studio: Studio.Studio<R>,
  settings?: Settings.Overrides
): Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter> =>
  Layer.merge(page(true), StudioRoutes.layer(studio, settings))
