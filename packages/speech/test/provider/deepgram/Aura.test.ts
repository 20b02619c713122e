import * as Aura from "../../../src/provider/deepgram/Aura.ts"
import * as Voice from "../../contract/voice.ts"
import * as DeepgramServer from "../../support/deepgramServer.ts"

Voice.suite({
  name: "Aura",
  protocol: DeepgramServer.aura,
  layer: Aura.layer,
  keyOf: ({ headers }) => headers.authorization
})
