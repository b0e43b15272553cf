export { type ApiContract, type ContractCall, createApiContract } from './api-contract.ts'
export { operationsOf, routesOf } from './api-routes.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export { expectGolden } from './golden.ts'
export { type Origin, type OriginAnswer, openOrigin, type RecordedRequest } from './origin.ts'
export { openPausingProxy, type PausingProxy } from './pausing-proxy.ts'
export { freePort, freePorts } from './ports.ts'
export {
  createPostgresDatabase,
  dropPostgresDatabase,
  type PostgresServer,
  startPostgres,
} from './postgres.ts'
export { findPostgres, type PostgresBinaries } from './postgres-binaries.ts'
export { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts'
export {
  createTestAuthority,
  type LeafShape,
  type TestAuthority,
  type TestAuthorityOptions,
  type TestLeafOrder,
} from './test-ca.ts'
export type { TestCertificate, TestCertificateFiles } from './test-certificate.ts'
export {
  createTestDatabase,
  type TestDatabase,
  testServerVariable,
  testStoreKind,
} from './test-database.ts'
export { openTestStore, type TestStore } from './test-store.ts'
export { type RunOptions, requireTool, type Tool, type ToolResult } from './tools.ts'
