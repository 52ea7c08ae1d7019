//! Methods by number: their names cross borders once.

use std::rc::Rc;

use rustc_hash::FxHashMap;

/// A method's number in its runtime.
pub(crate) type Method = u32;

/// The methods that have been called so far.
#[derive(Debug, Default)]
pub(crate) struct Methods {
    by_name: FxHashMap<Rc<str>, Method>,
    names: Vec<Rc<str>>,
}

impl Methods {
    /// The number of a method; `introduce` learns of a new one.
    pub(crate) fn number(&mut self, name: &str, introduce: impl FnOnce(&str)) -> Method {
        if let Some(&method) = self.by_name.get(name) {
            return method;
        }
        let (method, name) = (self.names.len() as Method, Rc::<str>::from(name));
        introduce(&name);
        self.names.push(name.clone());
        self.by_name.insert(name, method);
        method
    }

    pub(crate) fn name(&self, method: Method) -> Rc<str> {
        self.names.get(method as usize).cloned().unwrap_or_else(|| Rc::from(""))
    }
}
