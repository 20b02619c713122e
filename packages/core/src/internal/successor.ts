import { flatText } from "./flatText.ts"

const groups = 0x1_0000_0000_0000

/** The id after this one, of a text that grows: a UUID whose last group is one higher. */
export const successor = (id: string): string =>
  flatText(id.slice(0, 24) + ((Number.parseInt(id.slice(24), 16) + 1) % groups).toString(16).padStart(12, "0"))
