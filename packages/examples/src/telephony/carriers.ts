import { Agent, Event } from "@antiphon/core"
import { LineApp, PreCall, VoiceAgentApp } from "@antiphon/server"
import { Speech } from "@antiphon/speech"
import { type Answer, AudioSocket, CallsApi, Telnyx, Twilio } from "@antiphon/telephony"
import { Effect, Layer, Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    CallStarted: (_, { request }) => Stream.make(Event.sendText(`Hello, ${request.metadata["name"] ?? "you"}.`))
  })
)

/** The application knows who calls, and who is not taken. */
const known = new Map([["+15550001111", "Ada"]])
const preCall: PreCall.Handler = ({ from }) =>
  Effect.succeed(from === "anonymous" ? PreCall.reject : PreCall.accept({ metadata: { name: known.get(from) } }))

/** Dialplans name the calls that they send by UUID. */
const identify = (uuid: string) => Effect.succeed({ metadata: { name: `caller ${uuid.slice(0, 4)}` } })

const answer = (line: Parameters<Answer>[0]) => Speech.run(agent, line)

/** One agent on four ways of the telephone, and on Line's wire. */
export const protocols = [
  LineApp.make(),
  Twilio.mount(answer, { preCall }),
  Telnyx.mount(answer, { preCall, codec: "PCMA" }),
  CallsApi.mount(answer)
]
export const Server = Layer.merge(
  VoiceAgentApp.layerServer(agent, { protocols }),
  AudioSocket.layer(answer, { identify, port: 9092 })
)
