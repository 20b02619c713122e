/** What ElevenLabs' services share. */
import * as Effect from "effect/Effect"
import * as Credentials from "../../internal/credentials.ts"

export const provider = "elevenlabs"
const keyVariables = ["ELEVENLABS_API_KEY", "ELEVEN_API_KEY"]

/** The address and the headers of a request. */
export const access = (options: Credentials.Options) =>
  Effect.gen(function* () {
    const key = yield* Credentials.keyOf(provider, keyVariables, options.apiKey)
    const address = yield* Credentials.addressOf(provider, options.baseUrl ?? "https://api.elevenlabs.io", "ws")
    return { address, headers: { "xi-api-key": key } }
  })
