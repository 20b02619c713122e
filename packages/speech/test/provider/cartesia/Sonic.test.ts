import * as Sonic from "../../../src/provider/cartesia/Sonic.ts"
import * as Voice from "../../contract/voice.ts"
import * as CartesiaServer from "../../support/cartesiaServer.ts"

Voice.suite({
  name: "Sonic",
  protocol: CartesiaServer.sonic,
  layer: (options) => Sonic.layer({ ...options, voice: "v" }),
  keyOf: ({ headers }) => headers.authorization
})
