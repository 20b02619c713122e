/** Sounds under the voice: an office all the time, typing while a tool is running. */
import * as Mixer from "../../Mixer.ts"
import * as Pcm from "../../Pcm.ts"
import type * as Playback from "../../Playback.ts"
import type { Transport } from "../../Transport.ts"
import type { Options } from "./options.ts"
import type * as State from "./state.ts"

/** Mixes a background sound into outgoing audio, if there is one. */
export const make = (
  { format }: Transport,
  options: Pick<Options, "background" | "working">
): ((state: State.State) => (output: Playback.Output) => Playback.Output) | undefined => {
  if (options.background === undefined && options.working === undefined) return undefined
  const office = options.background && Mixer.make(options.background)
  const typing = options.working && Mixer.make(options.working)
  return (state: State.State) =>
    (output: Playback.Output): Playback.Output => {
      if (output._tag === "Mark") return output
      let samples = Pcm.decode({ format, bytes: output.bytes, time: output.at })
      if (office !== undefined) samples = office.under(samples)
      if (typing !== undefined && state.toolsTold) samples = typing.under(samples)
      return { ...output, bytes: Pcm.encode(format, samples) }
    }
}
