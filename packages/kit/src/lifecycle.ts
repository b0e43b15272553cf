/** Something that was started and can be stopped; `stop` is idempotent. */
export interface Stoppable {
  stop(): Promise<void>
}

/**
 * A stack of started things, stopped in reverse order of their start. Every one is stopped, also
 * when an earlier one fails; the failures are thrown together at the end.
 */
export class Lifecycle implements Stoppable {
  readonly #started: Stoppable[] = []

  add<T extends Stoppable>(part: T): T {
    this.#started.push(part)
    return part
  }

  onStop(stop: () => Promise<void> | void): void {
    this.#started.push({ stop: async () => stop() })
  }

  async stop(): Promise<void> {
    const failures: unknown[] = []
    for (let part = this.#started.pop(); part; part = this.#started.pop()) {
      try {
        await part.stop()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts could not be stopped')
  }
}
