/**
 * Partial descriptions of values for tests: only the fields that matter, with regular expressions for text that may
 * vary.
 *
 * ```ts
 * Expect.tool(call, "price", { args: { items: [{ name: /^anv/ }] } })
 * ```
 *
 * @since 0.1.0
 */

/** A description of a value: itself, some of its fields, or a regular expression for its text, at any depth. */
export type Pattern<A> =
  | RegExp
  | (A extends ReadonlyArray<infer Item>
      ? ReadonlyArray<Pattern<Item>>
      : A extends object
        ? { readonly [Key in keyof A]?: Pattern<A[Key]> }
        : A)
