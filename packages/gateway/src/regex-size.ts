/** More than any limit, and far from where numbers lose their precision. */
const sizeMax = 1_000_000_000

const countedRepeat = /\{([0-9]{1,4})(?:,([0-9]{0,4}))?\}/y
const bracketClass = /\[\^?\]?(?:\[:[^\]]*:\]|\\[\s\S]|[^\]\\])*\]/y
const quotedText = /\\Q([\s\S]*?)(?:\\E|$)/y

/**
 * About how many steps an RE2 expression has once its counted repeats are written out, found without
 * compiling it: that alone would cost what the number says. Never much too small; text that is no
 * expression has a size as well.
 */
export function regexSize(pattern: string): number {
  // Sizes of the groups that are open, the whole expression first; `last` is what a repeat repeats.
  const open = [0]
  let last = 0
  // A class without an end is none: looking for it at every bracket would take the square of the length.
  const lastEnd = pattern.lastIndexOf(']')
  const add = (size: number) => {
    last = Math.min(size, sizeMax)
    open.push(Math.min((open.pop() ?? 0) + last, sizeMax))
  }
  for (let at = 0; at < pattern.length; ) {
    const character = pattern[at]
    const repeat = matchAt(countedRepeat, pattern, at)
    const piece =
      matchAt(quotedText, pattern, at) ?? (at < lastEnd ? matchAt(bracketClass, pattern, at) : null)
    if (repeat !== null) {
      const times = Math.max(Number(repeat[1]), Number(repeat[2] ?? 0), 1)
      const before = last
      add(before * (times - 1))
      last = Math.min(before * times, sizeMax)
    } else if (piece !== null) add(piece[1]?.length ?? 1)
    else if (character === '(') open.push(0)
    else if (character === ')') add((open.length > 1 ? (open.pop() ?? 0) : 0) + 1)
    else if (!'*+?|'.includes(character ?? '')) add(1)
    at += repeat?.[0].length ?? piece?.[0].length ?? (character === '\\' ? 2 : 1)
  }
  return Math.min(
    open.reduce((sum, size) => sum + size, 0),
    sizeMax,
  )
}

function matchAt(form: RegExp, text: string, at: number): RegExpExecArray | null {
  form.lastIndex = at
  return form.exec(text)
}
