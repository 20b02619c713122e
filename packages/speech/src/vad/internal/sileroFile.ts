/** Reads the weights of Silero VAD, which come with the package. */
import { readFile } from "node:fs/promises"
import * as Layout from "./sileroLayout.ts"

const file = new URL("../../../data/silero-vad-v5.bin", import.meta.url)

export const readWeights = async (): Promise<Float32Array> => {
  const bytes = await readFile(file)
  if (bytes.length !== 4 * Layout.length) throw new Error(`${file.pathname} has ${bytes.length} bytes`)
  // A copy: a Buffer may begin at any byte of its memory, and floats must begin at a multiple of 4.
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
