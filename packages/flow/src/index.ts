export { type Clock, systemClock } from "./clock.ts";
export {
  createEndpoints,
  type EndpointResponse,
  type Endpoints,
  type EndpointsOptions,
} from "./monitoring/endpoints.ts";
export type { Health } from "./monitoring/health.ts";
export { serverSamples } from "./monitoring/instruments.ts";
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type HistogramSummary,
  type Metrics,
  type MetricsOptions,
  type MetricsSnapshot,
  type RecordListener,
  type Sample,
  type Series,
} from "./monitoring/metrics.ts";
export type { Labels, SeriesName } from "./monitoring/series.ts";
export {
  type AnyClient,
  type ClientReply,
  type ClientRequest,
  channelSocketClient,
} from "./ready/channel-socket-client.ts";
export {
  type AnyServer,
  channelSocketServer,
  type ServerProcessOptions,
  type StartRouter,
} from "./ready/channel-socket-server.ts";
export { reducer } from "./ready/reducer.ts";
export { router } from "./ready/router.ts";
export { type Tick, ticker } from "./ready/ticker.ts";
export {
  createInterpreter,
  type Interpreter,
  type InterpreterOptions,
  type OutputHandler,
} from "./steps/interpreter.ts";
export {
  type Given,
  type Harness,
  type HarnessStep,
  type Origin,
  type Output,
  type StandardOutput,
  type StepFn,
  type Stepped,
  stepHarness,
} from "./steps/step.ts";
export { createState, type StateCell, type WrapOptions, wrapStepFn } from "./steps/wrap-step-fn.ts";
export type { Connection, End, ErrorHandling, Monitoring, SystemConfig, SystemOptions } from "./system/config.ts";
export { type DescribedProcess, describe, type Topology } from "./system/describe.ts";
export type { InputSpec } from "./system/port.ts";
export {
  type About,
  defineProcess,
  type ErrorDecision,
  type Failure,
  type InputOptions,
  type Nothing,
  type OnError,
  type Ports,
  type Process,
  type ProcessContext,
  type QueuePolicy,
  type Recovery,
  type RecoveryAction,
  type StopReason,
} from "./system/process.ts";
export { buildSystem, type Ping, type System, type SystemStatus } from "./system/system.ts";
export type { ProcessStatus } from "./system/worker.ts";
