/** Voices by name. */
import * as Layer from "effect/Layer"
import * as Sonic from "../../provider/cartesia/Sonic.ts"
import * as Aura from "../../provider/deepgram/Aura.ts"
import * as MultiContext from "../../provider/elevenlabs/MultiContext.ts"
import * as Flite from "../../provider/flite/Flite.ts"
import type * as Credentials from "../../provider/internal/credentials.ts"
import * as Speech from "../../provider/openai/Speech.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as Local from "./local.ts"
import { TextToSpeech } from "./service.ts"

/** Options besides the name. */
export interface Options extends Credentials.Options {
  readonly language?: string | undefined
}

type Found = Layer.Layer<TextToSpeech, SpeechError.SpeechError>

/** The parts of a name: `provider/model:voice`. */
interface Name {
  readonly model: string
  readonly voice: string
}

interface Provider {
  readonly example: string
  readonly needs: ReadonlyArray<"model" | "voice">
  readonly make: (name: Name, options: Options) => Found
}

const providers: Readonly<Record<string, Provider>> = {
  cartesia: {
    example: "cartesia/sonic-3:VOICE",
    needs: ["model", "voice"],
    make: (name, options) => Sonic.layer({ ...options, ...name })
  },
  deepgram: {
    example: "deepgram/aura-2-thalia-en",
    needs: ["model"],
    make: ({ model }, options) => Aura.layer({ ...options, model })
  },
  elevenlabs: {
    example: "elevenlabs/eleven_flash_v2_5:VOICE",
    needs: ["model", "voice"],
    make: (name, options) => MultiContext.layer({ ...options, ...name })
  },
  openai: {
    example: "openai/gpt-4o-mini-tts:alloy",
    needs: ["model"],
    make: ({ model, voice }, options) => Speech.layer({ ...options, model, voice: voice === "" ? undefined : voice })
  },
  flite: {
    example: "flite/slt",
    needs: [],
    make: ({ model }) => Local.flite(Flite.Voice.literals.find((voice) => voice === model) ?? "slt")
  },
  tones: { example: "tones", needs: [], make: () => Local.tones({}) }
}

/** Returns the voice with this name. */
export const find = (text: string, options: Options): Found => {
  const slash = text.indexOf("/")
  const provider = (slash < 0 ? text : text.slice(0, slash)).trim().toLowerCase()
  const rest = slash < 0 ? "" : text.slice(slash + 1)
  const colon = rest.indexOf(":")
  const name: Name =
    colon < 0
      ? { model: rest.trim(), voice: "" }
      : { model: rest.slice(0, colon).trim(), voice: rest.slice(colon + 1).trim() }
  const found = Object.hasOwn(providers, provider) ? providers[provider] : undefined
  const fail = (reason: SpeechError.Reason) => Layer.effect(TextToSpeech, SpeechError.make(provider, reason))
  if (found === undefined) return fail({ _tag: "UnknownProvider", name: provider, known: Object.keys(providers) })
  const missing = found.needs.find((what) => name[what] === "")
  return missing === undefined
    ? found.make(name, options)
    : fail({ _tag: "MissingName", what: missing, example: found.example })
}
