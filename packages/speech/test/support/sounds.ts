import { readFileSync } from "node:fs"
import * as G711 from "../../src/G711.ts"

const rateHz = 16000

/** "Hello, your table for two is booked at seven.", said by flite, with silence around it. 16000 Hz. */
export const utterance = (): Int16Array =>
  G711.decodeMulaw(readFileSync(new URL("../fixtures/utterance.mulaw", import.meta.url)))

/** White noise from a linear congruential generator. */
export const noise = (samples: number, amplitude = 3000): Int16Array => {
  let state = 1
  return Int16Array.from({ length: samples }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.round((state / 0x8000_0000 - 1) * amplitude)
  })
}

/** Three notes, struck twice a second. */
export const music = (samples: number): Int16Array =>
  Int16Array.from({ length: samples }, (_, i) => {
    const decay = Math.exp((-6 * (i % (rateHz / 2))) / rateHz)
    const notes = [261.6, 329.6, 392].map((hz) => Math.sin((2 * Math.PI * hz * i) / rateHz))
    return Math.round(5000 * decay * notes.reduce((a, b) => a + b))
  })

/** Samples one after another. */
export const concat = (...parts: ReadonlyArray<Int16Array>): Int16Array =>
  Int16Array.from(parts.flatMap((part) => [...part]))
