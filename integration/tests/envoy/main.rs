//! The module in a real Envoy: every scenario file, and what takes code to show.

mod bars;
mod calls;
mod configuration;
mod failing;
mod held;
mod hostile;
mod hostile_callers;
mod metrics;
mod mixed;
mod oauth_servers;
mod observed;
mod redirected;
mod revoked;
mod scenarios;
mod server_answers;
mod servers;
mod shared_calls;
mod stock_usergrid;
mod telemetry;
mod trapped;
mod two_filters;
mod update;
mod upgraded;
mod usergrid;
mod workers;
