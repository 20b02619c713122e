/** `@livekit/agents` with its OpenAI plugin: an `AgentSession` for text alone, without a room, a voice or ears. */
import { initializeLogger, llm, voice } from "@livekit/agents"
import * as openai from "@livekit/agents-plugin-openai"
import { z } from "zod"
import type { Peer } from "../peer.ts"

initializeLogger({ pretty: false, level: "silent" })

/** Gets each piece of text as it is said. The class that it stands for is not exported: what is used of it is this. */
const textOutput = (onText: (text: string) => void) =>
  ({
    captureText: (text: string | voice.TimedString) => {
      onText(typeof text === "string" ? text : text.text)
      return Promise.resolve()
    },
    flush: () => {},
    onAttached: () => {},
    onDetached: () => {}
  }) as unknown as NonNullable<voice.AgentSession["output"]["transcription"]>

export const peer: Peer = {
  open: async (options) => {
    const agent = new voice.Agent({
      instructions: options.systemPrompt,
      tools: {
        wait: llm.tool({
          description: "Waits.",
          parameters: z.object({}),
          flags: llm.ToolFlag.CANCELLABLE,
          // A user who speaks during the tool does not abort its signal: tools watch their speech for that.
          execute: async (_, { abortSignal, ctx }) => {
            const interrupted = new AbortController()
            const work = options.tool.run(AbortSignal.any([abortSignal, interrupted.signal]))
            await ctx.speechHandle.waitIfNotInterrupted([work.catch(() => {})])
            if (ctx.speechHandle.interrupted) interrupted.abort()
            return work
          }
        })
      }
    })
    const session = new voice.AgentSession({
      llm: new openai.LLM({ model: options.model, baseURL: options.baseUrl, apiKey: "none" }),
      vad: null,
      userAwayTimeout: null
    })
    let listener: (token: string) => void = () => {}
    session.output.transcription = textOutput((text) => listener(text))
    await session.start({ agent, record: false })
    return {
      turn: async (text, onToken) => {
        listener = onToken
        await session.generateReply({ userInput: text }).waitForPlayout()
      },
      interrupt: () => void session.interrupt(),
      end: () => session.close()
    }
  }
}
