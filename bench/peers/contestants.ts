/** The peers that are measured, and the versions installed. */
import { readFileSync } from "node:fs"
import { join } from "node:path"

export interface Contestant {
  readonly name: string
  /** File of `adapters`. */
  readonly adapter: string
  readonly version: string
}

const versionOf = (directory: string, name: string): string =>
  JSON.parse(readFileSync(join(directory, name, "package.json"), "utf8")).version
const installed = (name: string) => versionOf(join(import.meta.dirname, "node_modules"), name)

export const floor: Contestant = { name: "bare fetch", adapter: "bareFetch", version: process.version }
export const ours: Contestant = {
  name: "Antiphon",
  adapter: "antiphon",
  version: versionOf(join(import.meta.dirname, "../../packages"), "core")
}
const peer = (name: string, adapter: string): Contestant => ({ name, adapter, version: installed(name) })

export const peers: ReadonlyArray<Contestant> = [
  peer("ai", "aiSdk"),
  peer("@openai/agents", "openaiAgents"),
  peer("@mastra/core", "mastra"),
  peer("@livekit/agents", "livekit")
]
export const all: ReadonlyArray<Contestant> = [floor, ours, ...peers]
