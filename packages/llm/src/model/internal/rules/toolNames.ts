/**
 * Tool names that every provider accepts: letters, digits, `_` and `-`, a letter or `_` first, at most 64.
 *
 * Other names are encoded, keeping different names distinct, and decoded in replies.
 *
 * Source: OpenAI `^[a-zA-Z0-9_-]{1,64}$`, Anthropic `^[a-zA-Z0-9_-]{1,128}$`, Gemini "must start with a letter or an
 * underscore".
 *
 * @since 0.1.0
 */
import type * as Tool from "effect/ai/Tool"

const accepted = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/
const longest = 64

/** Returns the name under which a tool is sent. */
export const toWire = (name: string): string => {
  if (accepted.test(name)) return name
  const mark = `_${hash(name)}`
  const plain = name.replace(/[^a-zA-Z0-9_-]+/g, "_").replace(/^(?![a-zA-Z_])/, "_")
  return plain.slice(0, longest - mark.length) + mark
}

/** Maps a name on the wire to one of the tools sent, or else returns the name itself. */
export const fromWire = (tools: ReadonlyArray<Tool.Any>): ((name: string) => string) => {
  const changed = new Map<string, string>()
  for (const { name } of tools) {
    const sent = toWire(name)
    if (sent !== name) changed.set(sent, name)
  }
  return changed.size === 0 ? (name) => name : (name) => changed.get(name) ?? name
}

// FNV-1a, as six letters and digits.
const hash = (text: string): string => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return (value >>> 0).toString(36).padStart(6, "0").slice(-6)
}
