/**
 * Calls by voice, for the page at `/voice.html`. The voice is flite's, which needs no key, unless `ANTIPHON_TTS` names
 * another; without `ANTIPHON_STT` nothing here recognises speech, and the page says so.
 */
import type * as Agent from "@antiphon/core/Agent"
import * as BrowserVoice from "@antiphon/browser/BrowserVoice"
import * as ClientFiles from "@antiphon/browser/ClientFiles"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const chosen = Config.all({
  recogniser: Config.map(Config.option(Config.String("ANTIPHON_STT")), Option.getOrNull),
  voice: Config.withDefault(Config.String("ANTIPHON_TTS"), "flite/slt")
})

/** The files of the client, for the page. */
export const client = ClientFiles.layer()

/** Makes the route of the calls, at `/voice`. */
export const mount = <R>(agent: Agent.Factory<unknown, never, R>) =>
  Effect.map(chosen, (about) =>
    BrowserVoice.mount(
      (line) =>
        // Speech is loaded with the first call by voice, because most people begin by typing.
        Effect.flatMap(
          Effect.promise(() => import("./voiceCall.ts")),
          ({ run }) => run(agent, line, about)
        ),
      { about }
    )
  )
