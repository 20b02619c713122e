import * as Recogniser from "../../contract/recogniser.ts"
import * as Nova from "../../../src/provider/deepgram/Nova.ts"
import * as DeepgramServer from "../../support/deepgramServer.ts"

Recogniser.suite({
  name: "Nova",
  protocol: DeepgramServer.nova,
  layer: Nova.layer,
  capabilities: { turns: false, partials: true, wordTimes: true },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: true,
  refusedKey: {
    message: { type: "Error", variant: "NET-0001", description: "private words" },
    reason: "Unavailable"
  },
  misshapen: { type: "Results", channel: {} }
})
