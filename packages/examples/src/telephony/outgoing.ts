import { Agent, Event } from "@antiphon/core"
import { Twilio } from "@antiphon/telephony"
import { Effect, Stream } from "effect"

/** Says what it calls for to people, and leaves a message on machines. */
export const reminder = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello, this is the bicycle shop.")),
    UserCustomSent: ({ metadata: { by, event } }) =>
      event !== "answered"
        ? Stream.empty
        : by === "machine"
          ? Stream.fromIterable([Event.sendText("Your bicycle is ready. Goodbye."), Event.endCall()])
          : Stream.make(Event.sendText("Your bicycle is ready. When will you come by?"))
  }),
  { run: ["CallStarted", "UserCustomSent"] }
)

/** Calls a customer, and tells whether somebody has answered. The server at `ANTIPHON_PUBLIC_URL` holds the call. */
export const remind = (to: string, options: Partial<Twilio.Outgoing> = {}) =>
  Effect.gen(function* () {
    const { callSid } = yield* Twilio.call({ to, from: "+15550002222", detectMachine: true, ...options })
    return yield* Twilio.outcome(callSid, options)
  })
