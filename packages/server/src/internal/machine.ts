/**
 * Keeps the state of one call's protocol, so that its host tells and asks without knowing the type of that state.
 */
import type * as Protocol from "../Protocol.ts"

/** The machine of one call, with its state inside. */
export interface Machine {
  readonly tell: (told: Protocol.Told, now: number) => ReadonlyArray<Protocol.Wanted>
  readonly due: () => number | undefined
}

/** Starts the machine of a call. Returns it with what it wants first. */
export const start = <State>(
  protocol: Protocol.Protocol<State>,
  admitted: Protocol.Admitted,
  now: number
): readonly [Machine, ReadonlyArray<Protocol.Wanted>] => {
  let [state, first] = protocol.open(admitted, now)
  const tell = (told: Protocol.Told, now: number) => {
    const [next, wanted] = protocol.step(state, told, now)
    state = next
    return wanted
  }
  return [{ tell, due: () => protocol.due(state) }, first]
}

const isForCall: {
  readonly [Tag in Protocol.Wanted["_tag"]]: Tag extends Protocol.Inward["_tag"] ? true : false
} = { Start: true, Report: true, End: true, Send: false, Answer: false, Chunk: false, Close: false, Dropped: false }

/** Whether something wanted goes to the call rather than to the platform. */
export const isInward = (wanted: Protocol.Wanted): wanted is Protocol.Inward => isForCall[wanted._tag]

/** Whether something wanted goes to the platform rather than to the call. */
export const isOutward = (wanted: Protocol.Wanted): wanted is Protocol.Outward => !isForCall[wanted._tag]
