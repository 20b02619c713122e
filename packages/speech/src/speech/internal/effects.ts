/** Starts the effects of the pipeline. None is awaited, so that nothing delays reading from the line. */
import type * as Interim from "@antiphon/core/agent/Interim"
import type * as Event from "@antiphon/core/Event"
import type * as Recorder from "@antiphon/core/recording/Recorder"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as FloorPolicy from "../../FloorPolicy.ts"
import type * as Playback from "../../Playback.ts"
import type { Transport, TransportError } from "../../Transport.ts"
import type * as TurnDetector from "../../TurnDetector.ts"
import * as Dialogue from "./dialogue.ts"
import * as FloorNote from "./floorNote.ts"
import type * as Listener from "./listener.ts"
import type * as Outbox from "./outbox.ts"
import type * as Speaker from "./speaker.ts"
import type { TurnTiming } from "./timing.ts"
import type { Told } from "./told.ts"
import type { Ending, Wanted } from "./wanted.ts"
import type * as Watcher from "./watcher.ts"

/** A report for the call. `asks`: the decision of the agent's filters comes back to the pipeline. */
export interface Asked {
  readonly report: Event.Report
  readonly asks: boolean
}

/** What effects act on. */
export interface Parts {
  readonly transport: Transport
  readonly outbox: Outbox.Outbox
  readonly listener: Listener.Listener
  readonly speaker: Speaker.Speaker
  readonly detector: TurnDetector.Detector
  readonly policy: FloorPolicy.FloorPolicy
  readonly interim: Interim.Interim
  readonly reports: Queue.Enqueue<Asked>
  readonly over: Deferred.Deferred<Ending, TransportError>
  readonly recorder: Recorder.Recorder | undefined
  readonly watcher: Watcher.Watcher | undefined
  /** Mixes a sound under outgoing audio, if there is one. */
  readonly sound: ((output: Playback.Output) => Playback.Output) | undefined
  readonly measured: (timing: TurnTiming) => void
  readonly tell: (told: Told) => void
}

export const make = (parts: Parts): ((wanted: Wanted) => void) => {
  const { detector, interim, listener, outbox, sound, speaker, tell, transport } = parts
  const dialogue: Dialogue.Dialogue = []
  return (wanted) => {
    switch (wanted._tag) {
      case "Send":
        return outbox.send(sound === undefined ? wanted.outputs : wanted.outputs.map(sound))
      case "Clear":
        return outbox.clear({ generation: wanted.generation, stream: wanted.stream })
      case "Show":
        if (transport.show !== undefined) outbox.perform(transport.show(wanted.event))
        return Dialogue.hear(dialogue, wanted.event)
      case "Dtmf":
        return outbox.perform(transport.dtmf?.(wanted.button) ?? Effect.logWarning("This line cannot send keys."))
      case "Transfer":
        if (transport.transfer !== undefined) return outbox.perform(transport.transfer(wanted.targetPhoneNumber))
        outbox.perform(Effect.logWarning("This line cannot transfer a call."))
        return tell({
          _tag: "Line",
          incoming: { _tag: "Transferred", outcome: "Failed", targetPhoneNumber: wanted.targetPhoneNumber }
        })
      case "Custom":
        if (transport.custom !== undefined) outbox.perform(transport.custom(wanted.metadata))
        return
      case "Log":
        return outbox.perform(logged(wanted.output))
      case "Report":
        Queue.offerUnsafe(parts.reports, wanted)
        return
      case "Judge": {
        const { silenceMs, transcript } = wanted
        interim.tell(transcript)
        const judgement = detector.judge({ transcript, history: dialogue, silenceMs, audio: listener.recent() })
        return tell({ _tag: "Judged", transcript, judgement })
      }
      case "Learn":
        return detector.learn(wanted.pauseMs)
      case "FlushWords":
        return listener.flush()
      case "WordsFinal":
        return listener.forget()
      case "Listen":
        return listener.speaks(wanted.language)
      case "OpenVoice":
        return speaker.open(wanted.utterance, wanted.attempt, wanted.voice)
      case "Say":
        return speaker.say(wanted.utterance, wanted.text)
      case "EndVoice":
        return speaker.end(wanted.utterance)
      case "CancelVoice":
        return speaker.cancel(wanted.utterance)
      case "PullVoice":
        return speaker.pull(wanted.utterance)
      case "Stepped": {
        const { policy, recorder, watcher } = parts
        if (recorder !== undefined && FloorNote.isTold(wanted.step)) recorder.note(FloorNote.of(wanted.step))
        return watcher?.stepped(wanted.step, policy)
      }
      case "Measured":
        return parts.measured(wanted.timing)
      case "Finish":
        if (wanted.hangUp !== undefined) outbox.perform(transport.hangUp(wanted.hangUp))
        Deferred.doneUnsafe(parts.over, Effect.succeed(wanted.ending))
        return
      default:
        return wanted satisfies never
    }
  }
}

const logged = (output: Event.LogMessage | Event.LogMetric): Effect.Effect<void> => {
  if (output._tag === "LogMetric") return Effect.logDebug(`metric ${output.name}`)
  return output.level === "error" ? Effect.logError(output.message) : Effect.logInfo(output.message)
}
