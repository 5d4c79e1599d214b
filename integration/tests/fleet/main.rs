//! Several Envoys: what they cost the verifying server, as `docs/fleet.md` has it.

mod measured;
mod model;
mod page;
