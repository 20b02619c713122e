/**
 * Voice calls: for the page at `/voice.html`, and for a Twilio number at `/twilio` if the environment has its keys. The
 * voice is flite's, which needs no key, unless `ANTIPHON_TTS` names another. Without `ANTIPHON_STT` the server
 * recognises no speech, and the page says so.
 */
import type * as Studio from "@antiphon/console/Studio"
import * as BrowserVoice from "@antiphon/browser/BrowserVoice"
import * as ClientFiles from "@antiphon/browser/ClientFiles"
import type { Transport } from "@antiphon/speech/Transport"
import * as Twilio from "@antiphon/telephony/Twilio"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"

const named = (variable: string) =>
  Config.map(Config.option(Config.String(variable)), (name) => {
    const text = Option.getOrElse(name, () => "").trim()
    return text === "" ? null : text
  })

const chosen = Config.all({ recogniser: named("ANTIPHON_STT"), voice: named("ANTIPHON_TTS") })

const isSet = (name: string) => Effect.map(Config.withDefault(Config.String(name), ""), (value) => value.trim() !== "")

/** Whether the environment has the keys of a Twilio account. */
export const hasTelephone: Effect.Effect<boolean, Config.ConfigError> = Effect.map(
  Effect.all([isSet("TWILIO_ACCOUNT_SID"), isSet("TWILIO_AUTH_TOKEN")]),
  ([account, token]) => account && token
)

/** The client's files, for the page. */
export const client = ClientFiles.layer()

/** The configured recogniser or voice cannot be used. The server does not start. */
export class VoiceError extends Data.TaggedError("VoiceError")<{ readonly message: string }> {}

/**
 * Makes the routes for calls: `/voice`, and `/twilio` if there is an account. Fails at once if the configured
 * recogniser or voice cannot be used, so that this is noticed before anyone calls.
 */
export const mounts = <R>({ agent, faults }: Pick<Studio.Studio<R>, "agent" | "faults">) =>
  Effect.gen(function* () {
    const { recogniser, voice } = yield* chosen
    const about = { recogniser, voice: voice ?? "flite/slt" }
    const scope = yield* Scope.Scope
    const loaded = Effect.promise(() => import("./voiceCall.ts"))
    // Shared by all calls: the network of the voice detector, and the thread of flite.
    const services = yield* Effect.cached(
      Effect.flatMap(loaded, (calls) => Layer.buildWithScope(calls.services(about), scope))
    )
    // Speech is loaded with the first voice call, because most people start by typing, unless there is something to
    // check.
    if (recogniser !== null || voice !== null) {
      const names = [...(recogniser === null ? [] : ["ANTIPHON_STT"]), ...(voice === null ? [] : ["ANTIPHON_TTS"])]
      yield* Effect.mapError(
        services,
        ({ message }) => new VoiceError({ message: `${names.join(" or ")}: ${message}` })
      )
    }
    const answer = (line: Transport) =>
      Effect.flatMap(Effect.all([loaded, services]), ([calls, services]) =>
        Effect.provideContext(calls.run(agent, line), calls.faulty(services, faults))
      )
    const page = BrowserVoice.mount(answer, { about })
    if (!(yield* hasTelephone)) return [page]
    if (recogniser === null) {
      yield* Effect.logWarning(
        "ANTIPHON_STT is not set, so nothing hears who calls the number: set it, for example to deepgram/nova-3."
      )
    }
    return [page, Twilio.mount(answer)]
  })
