import * as Recogniser from "../../contract/recogniser.ts"
import * as Scribe from "../../../src/provider/elevenlabs/Scribe.ts"
import * as ElevenLabsServer from "../../support/elevenLabsServer.ts"

for (const commit of ["vad", "manual"] as const) {
  Recogniser.suite({
    name: `Scribe (${commit})`,
    protocol: ElevenLabsServer.scribe,
    layer: (options) => Scribe.layer({ ...options, commit }),
    capabilities: { turns: false, partials: true, wordTimes: false },
    keyOf: ({ headers }) => headers["xi-api-key"] as string | undefined,
    tellsStart: false,
    refusedKey: { message: { message_type: "auth_error", error: "private words" }, reason: "Unauthorized" },
    misshapen: { message_type: "committed_transcript", text: null }
  })
}
