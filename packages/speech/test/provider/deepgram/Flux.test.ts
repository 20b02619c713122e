import * as Recogniser from "../../contract/recogniser.ts"
import * as Flux from "../../../src/provider/deepgram/Flux.ts"
import * as DeepgramServer from "../../support/deepgramServer.ts"

Recogniser.suite({
  name: "Flux",
  protocol: DeepgramServer.flux,
  layer: (options) => Flux.layer({ ...options, eagerEndThreshold: 0.4 }),
  capabilities: { turns: true, partials: true, wordTimes: false },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: true,
  refusedKey: {
    message: { type: "Error", sequence_id: 1, code: "INTERNAL_SERVER_ERROR", description: "private words" },
    reason: "Unavailable"
  },
  misshapen: { type: "TurnInfo", event: "Update" }
})
