import * as Assistant from "@antiphon/examples/demo/Assistant"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Duration, Effect, Layer } from "effect"
import * as LocalServer from "../../src/LocalServer.ts"

/** Starts a server in an environment, and returns why it could not start, in words. */
const start = (environment: Record<string, string>) =>
  Layer.build(
    LocalServer.layer(Assistant.make(DefaultModel.demo), {
      model: DefaultModel.demo,
      settings: { port: 0, host: "127.0.0.1", drainTimeout: Duration.zero }
    })
  ).pipe(
    Effect.scoped,
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment))),
    Effect.exit,
    Effect.map((exit) =>
      exit._tag === "Success" ? "" : LocalServer.complaint(Cause.squash(exit.cause), (port) => `PORT=${port}`)
    )
  )

describe("voice calls of a local server", () => {
  it.live("an unusable recogniser or voice is reported when the server starts, with the variable to set", () =>
    Effect.gen(function* () {
      assert.match(yield* start({ ANTIPHON_STT: "nobody/x" }), /ANTIPHON_STT: .*nobody/)
      assert.match(yield* start({ ANTIPHON_STT: "deepgram/nova-3" }), /ANTIPHON_STT: .*DEEPGRAM_API_KEY/)
      assert.match(yield* start({ ANTIPHON_TTS: "cartesia/sonic-3:v" }), /ANTIPHON_TTS: .*CARTESIA_API_KEY/)
      assert.match(yield* start({ ANTIPHON_STT: "local/whisper-1" }), /ANTIPHON_STT: .*STT_URL/)
    })
  )

  it.live("a server with neither starts, even if they are set to nothing", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* start({}), "")
      assert.strictEqual(yield* start({ ANTIPHON_STT: " ", ANTIPHON_TTS: "" }), "")
    })
  )
})
