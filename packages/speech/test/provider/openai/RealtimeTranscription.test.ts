import * as Recogniser from "../../contract/recogniser.ts"
import * as RealtimeTranscription from "../../../src/provider/openai/RealtimeTranscription.ts"
import * as OpenAiServer from "../../support/openAiServer.ts"

Recogniser.suite({
  name: "OpenAI realtime transcription",
  protocol: OpenAiServer.realtimeTranscription,
  layer: RealtimeTranscription.layer,
  capabilities: { turns: false, partials: true, wordTimes: false },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: true,
  refusedKey: {
    message: {
      type: "error",
      error: { type: "invalid_request_error", code: "invalid_api_key", message: "private words" }
    },
    reason: "Unauthorized"
  },
  misshapen: { type: "input_audio_buffer.committed" }
})
