import { assert, it } from "@effect/vitest"

/** Milliseconds of the quickest of several runs: what else the machine does meanwhile is not counted. */
const time = (run: () => unknown, runs: number): number => {
  let least = Infinity
  for (let at = 0; at < runs; at++) {
    const start = performance.now()
    run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

/** Characters of a short text, and of a long one: a reader that takes the square of its text takes 256 times as long for it. */
const [short, long] = [4000, 64_000] as const
/** How much longer the long one may take: four times what is in proportion. */
const most = (4 * long) / short
/** What takes no longer than this is too short to tell anything from. */
const noise = 0.5

/** A test that reading a text of n characters costs in proportion to n, also if the text is made to be hard to read. */
export const linear = (
  name: string,
  texts: Readonly<Record<string, (n: number) => string>>,
  read: (text: string) => unknown
) => {
  for (const [kind, textOf] of Object.entries(texts)) {
    it(`${name} reads ${kind} in proportion to its length`, () => {
      const text = textOf(short)
      read(text)
      const taken = Math.max(
        noise,
        time(() => read(text), 3)
      )
      // One that is slow by far is not given the long text.
      const middle = textOf(4 * short)
      const sooner = time(() => read(middle), 1)
      assert.isBelow(sooner, taken * most, `${4 * short} characters took ${sooner.toFixed(1)} ms`)
      const whole = textOf(long)
      const later = time(() => read(whole), 2)
      assert.isBelow(
        later,
        taken * most,
        `${short} characters took ${taken.toFixed(1)} ms, ${long} ${later.toFixed(1)}`
      )
    })
  }
}

/** Texts that are hard for one reader or another. */
export const hard = {
  "plain words": (n: number) => "word ".repeat(n / 5),
  spaces: (n: number) => " ".repeat(n),
  "lines without words": (n: number) => "\n".repeat(n),
  "one word": (n: number) => "a".repeat(n),
  points: (n: number) => ".".repeat(n),
  "angle brackets": (n: number) => "<".repeat(n),
  "tags that are not closed": (n: number) => "<a ".repeat(n / 3),
  "tags that do not end": (n: number) => `<a ${"x=".repeat(n / 2)}`,
  "quotation marks": (n: number) => '"'.repeat(n),
  "a quotation that does not end": (n: number) => `"${" a".repeat(n / 2)}`,
  braces: (n: number) => "{".repeat(n),
  "square brackets": (n: number) => "[".repeat(n),
  digits: (n: number) => "7".repeat(n),
  stars: (n: number) => "*".repeat(n),
  backslashes: (n: number) => "\\".repeat(n),
  "another script": (n: number) => "漢".repeat(n),
  emoji: (n: number) => "👍🏽".repeat(n / 4)
}
