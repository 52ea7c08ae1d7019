//! The guided tour's handlers.
