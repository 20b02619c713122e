/** Query strings. */

type Value = string | number | boolean | ReadonlyArray<string> | undefined

/** Appends a query to an address. A list becomes a repeated parameter; undefined values are left out. */
export const withQuery = (address: string, query: Readonly<Record<string, Value>>): string => {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  return `${address}?${parameters}`
}
