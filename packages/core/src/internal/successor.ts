import { flatText } from "./flatText.ts"

const length = 36
const groups = 0x1_0000_0000_0000
/** Each digit and the one after it. */
const following: ReadonlyMap<string, string> = new Map(
  Array.from("0123456789abcde", (digit, at) => [digit, "123456789abcdef"[at]!])
)

/** The id after this one, of a text that grows: a UUID whose last group is one higher. */
export const successor = (id: string): string => {
  // Every heard word needs one, and mostly only the last digit changes.
  const digit = id.length === length ? following.get(id[length - 1]!) : undefined
  return flatText(digit === undefined ? carried(id) : id.slice(0, length - 1) + digit)
}

const carried = (id: string): string =>
  id.slice(0, 24) + ((Number.parseInt(id.slice(24), 16) + 1) % groups).toString(16).padStart(12, "0")
