export {
  type ApiAnswer,
  type ApiAnswers,
  type ApiContent,
  type ApiOperation,
  errorAnswers,
  mergeAnswers,
} from './api-operation.ts'
export { type Clock, systemClock } from './clock.ts'
export { describeDuration, parseDuration } from './duration.ts'
export { CodedError, isCodedError, messageOf } from './errors.ts'
export { Gate } from './gate.ts'
export {
  type Branded,
  devSubaccountId,
  newId,
  newRequestId,
  newSubaccountId,
  parseSubaccountId,
  type SubaccountId,
} from './ids.ts'
export { Lifecycle, type Stoppable } from './lifecycle.ts'
export { createLogger, type Logger, silentLogger } from './log.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { createOpenApi, type OpenApiDocument } from './openapi.ts'
export {
  createProblem,
  type Problem,
  type ProblemItem,
  problemDocument,
  problemItem,
  problemMediaType,
  problemResponse,
} from './problem.ts'
export { equalInConstantTime, Secret } from './secret.ts'
export type { Tally } from './tallied-counter.ts'
