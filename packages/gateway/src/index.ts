export { compile } from './compile.ts'
export type {
  CompiledDestination,
  CompiledGateway,
  CompiledPins,
  CompiledPort,
  CompiledRoute,
  CompiledServer,
  CompiledVirtualHost,
  CompiledWorkload,
  HeaderValues,
  HostChoice,
  PolicyDecision,
  PolicySet,
  RequestView,
  RouteAction,
  ServerMaterial,
  WorkloadTarget,
  XfccDetail,
  XfccSettings,
} from './compiled.ts'
export { type GatewaySettings, gatewayPrincipal, gatewaySettings } from './config.ts'
export type {
  DocumentSet,
  JsonObject,
  JsonValue,
  ManifestFile,
  ParsedDocument,
  StoredDocument,
} from './document.ts'
export type {
  Engine,
  EngineOptions,
  EngineSettings,
  EngineStatus,
  ListenerStatus,
  ServerStatus,
} from './engine.ts'
export { createNodeEngine } from './engines/node/node-engine.ts'
export { GatewayError, type GatewayErrorCode } from './errors.ts'
export { type ParsedManifests, parseManifests } from './manifest.ts'
export { type NormalizedTarget, normalizePath } from './normalize-path.ts'
export type { Plan, PlanInput, PlanResult } from './plan/types.ts'
export { createPlanner, type Planner, plan } from './plan.ts'
