import * as MultiContext from "../../../src/provider/elevenlabs/MultiContext.ts"
import * as Voice from "../../contract/voice.ts"
import * as ElevenLabsServer from "../../support/elevenLabsServer.ts"

Voice.suite({
  name: "ElevenLabs",
  protocol: ElevenLabsServer.multiContext,
  layer: (options) => MultiContext.layer({ ...options, voice: "v" }),
  keyOf: ({ headers }) => headers["xi-api-key"] as string | undefined
})
