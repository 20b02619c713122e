import * as Recogniser from "../../contract/recogniser.ts"
import * as Ink from "../../../src/provider/cartesia/Ink.ts"
import * as CartesiaServer from "../../support/cartesiaServer.ts"

const refusedKey = {
  message: {
    type: "error",
    title: "private words",
    message: "private words",
    error_code: "invalid_api_key",
    status_code: 401,
    request_id: "r"
  },
  reason: "Unauthorized"
} as const

Recogniser.suite({
  name: "Ink with turns",
  protocol: CartesiaServer.inkTurns,
  layer: Ink.layer,
  capabilities: { turns: true, partials: true, wordTimes: false },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: true,
  refusedKey,
  misshapen: { type: "turn.update", transcript: 3 }
})

Recogniser.suite({
  name: "Ink that is told",
  protocol: CartesiaServer.inkManual,
  layer: (options) => Ink.layer({ ...options, turns: false }),
  capabilities: { turns: false, partials: true, wordTimes: false },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: false,
  refusedKey,
  misshapen: { type: "transcript", text: 3 }
})
