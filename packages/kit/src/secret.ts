import { createHash, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

const shown = '[secret]'

/**
 * A value that cannot print itself: JSON, templates, string conversion and `inspect` show
 * `[secret]`. The only way to the value is `reveal()`, which is meant to be searched for in review.
 */
export class Secret<T = string> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  reveal(): T {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}

/**
 * Whether two texts are equal, in a time that depends on neither their content nor on where they
 * differ. Both are hashed first, so that unequal lengths take the same path.
 */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
