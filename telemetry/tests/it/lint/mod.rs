//! The linter in virtual time: for each finding what provokes it, and what is close to it and healthy.

mod ending;
mod loads;
mod page;
mod travel;
mod whole;
