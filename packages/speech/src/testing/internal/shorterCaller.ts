/**
 * Simpler callers than a simulated one: without ever smaller parts of the script, and then without the line's faults.
 */
import type { SimulatedCaller } from "../SimulatedCaller.ts"

/** The candidates, the shortest first. */
export const candidates = (caller: SimulatedCaller): ReadonlyArray<SimulatedCaller> => {
  const { line, script } = caller
  const without: Array<SimulatedCaller> = []
  for (let size = Math.ceil(script.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < script.length; at += size) without.push({ ...caller, script: script.toSpliced(at, size) })
    if (size === 1) break
  }
  const { echo: _echo, network: _network, noise: _noise, ...plain } = line
  return [
    ...without,
    ...(line.network === undefined ? [] : [{ ...caller, line: { ...line, network: undefined } }]),
    ...(line.noise === undefined ? [] : [{ ...caller, line: { ...line, noise: undefined } }]),
    ...(line.echo === undefined ? [] : [{ ...caller, line: plain }])
  ]
}
