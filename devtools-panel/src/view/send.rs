//! The way from the view back to the state.

use std::rc::Rc;

use crate::model::Action;

/// How the view says what a user did.
pub(crate) type Send = Rc<dyn Fn(Action)>;
