import { assert, it } from "@effect/vitest"

/** Milliseconds of the quickest of several runs, so that other work on the machine does not count. */
const time = (run: () => unknown, runs: number): number => {
  let least = Infinity
  for (let at = 0; at < runs; at++) {
    const start = performance.now()
    run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

/** Characters of a short text, and of a long one: quadratic code takes 256 times as long for it. */
const [short, long] = [4000, 64_000] as const
/** How much longer the long one may take: six times its share, because the clock of a busy machine is coarse. */
const most = (6 * long) / short
/** Shorter times say nothing. */
const noise = 1

/** Tests that reading n characters takes time in proportion to n, even if the text is made to be hard to read. */
export const linear = (
  name: string,
  texts: Readonly<Record<string, (n: number) => string>>,
  read: (text: string) => unknown
) => {
  for (const [kind, textOf] of Object.entries(texts)) {
    it(`${name} reads ${kind} in proportion to its length`, () => {
      const compared = (n: number, factor: number) => {
        const [few, many] = [textOf(n), textOf(n * factor)]
        const taken = Math.max(
          noise,
          time(() => read(few), 3)
        )
        return time(() => read(many), 1) / taken
      }
      const least = (n: number, factor: number): number => {
        let ratio = Infinity
        for (let at = 0; at < 4 && ratio > most; at++) ratio = Math.min(ratio, compared(n, factor))
        return ratio
      }
      // Code that is far too slow does not get the long text.
      assert.isBelow(least(short / 4, 4), most, `${short} characters`)
      assert.isBelow(least(short, long / short), most, `${long} characters against ${short}`)
    })
  }
}

/** Texts that are hard for some readers. */
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
