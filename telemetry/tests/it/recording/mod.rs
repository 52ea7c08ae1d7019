//! Recordings: what is written comes back, and nothing that is read does harm.

mod facts;
mod files;
mod replay;
mod samples;
