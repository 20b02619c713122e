/** Versions of Node. Imports nothing, because an older Node has to load it. */

/** The oldest supported version of Node. */
export const leastNode = "22.19.0"

/** Whether a version is at least another. Both have the form `1.2.3`. */
export const isAtLeast = (version: string, least: string): boolean => {
  const numbers = (text: string) => text.split(/[.-]/).slice(0, 3).map(Number)
  const [a, b] = [numbers(version), numbers(least)]
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) > (b[i] ?? 0)
  return true
}
