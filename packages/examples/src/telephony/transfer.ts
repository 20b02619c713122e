import { Agent, Event } from "@antiphon/core"
import { Stream } from "effect"
import type { Twilio } from "@antiphon/telephony"

const colleague = "+15550009999"

/** Puts callers through, and is there again if nobody answers. */
export const reception = Agent.make(
  Agent.route({
    CallStarted: () =>
      Stream.fromIterable([Event.sendText("One moment, I am putting you through."), Event.transferCall(colleague)]),
    UserCustomSent: ({ metadata: { event, outcome } }) =>
      event !== "transfer" || outcome === "answered"
        ? Stream.empty
        : Stream.make(
            Event.sendText(
              outcome === "busy" ? "The line is busy. May I take a message?" : "Nobody answers. May I take a message?"
            )
          )
  }),
  { run: ["CallStarted", "UserCustomSent"] }
)

/** The colleague is called while the caller stays here, and hears who it is before both can talk. */
export const transfer: Twilio.Transfer = { kind: "warm", timeout: "20 seconds", whisper: "A caller from the shop." }
