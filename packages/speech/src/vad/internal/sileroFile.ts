/** Reads the weights of Silero VAD that ship with the package. */
import { readFile } from "node:fs/promises"
import * as Layout from "./sileroLayout.ts"

const file = new URL("../../../data/silero-vad-v5.bin", import.meta.url)

export const readWeights = async (): Promise<Float32Array> => {
  const bytes = await readFile(file)
  if (bytes.length !== 4 * Layout.length) throw new Error(`${file.pathname} has ${bytes.length} bytes`)
  // Copied, because a Buffer may start at any byte offset, and floats must be aligned to 4 bytes.
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
