//! Small integer handles with generations, and the slab that gives them out.

use std::marker::PhantomData;

use crate::work;

/// Generations wrap here, so that a handle fits exactly into a JavaScript number (32 + 20 bits).
const GENERATIONS: u32 = 1 << 20;

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name { index: u32, generation: u32 }

        impl $name {
            /// The handle as one integer below 2^52, exact in a JavaScript number.
            pub const fn to_bits(self) -> u64 { (self.generation as u64) << 32 | self.index as u64 }
            /// The handle that [`Self::to_bits`] gave. Any integer is safe: a handle that was never given out names nothing.
            pub const fn from_bits(bits: u64) -> Self { Self { index: bits as u32, generation: (bits >> 32) as u32 } }
            /// The place in a slab; another handle may have it after this one is gone.
            pub const fn index(self) -> usize { self.index as usize }
        }

        impl Handle for $name {
            fn new(index: u32, generation: u32) -> Self { Self { index, generation } }
            fn parts(self) -> (u32, u32) { (self.index, self.generation) }
        }
    )*};
}

handles! {
    /// A call, from the moment it is minted until it is settled and no worker has it any more.
    CallId,
    /// A task, until it is disposed.
    TaskId,
    /// A worker, until it is terminated or crashes.
    WorkerId,
    /// A cancellation key, while it is aborted or in use.
    KeyId
}

/// What the slab needs of a handle.
pub(crate) trait Handle: Copy {
    fn new(index: u32, generation: u32) -> Self;
    fn parts(self) -> (u32, u32);
}

/// Values by handle; a stale handle finds nothing.
#[derive(Debug)]
pub(crate) struct Slab<H, T> {
    entries: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
    handles: PhantomData<H>,
}

impl<H, T> Default for Slab<H, T> {
    fn default() -> Self {
        Slab { entries: Vec::new(), free: Vec::new(), handles: PhantomData }
    }
}

impl<H: Handle, T> Slab<H, T> {
    pub(crate) fn insert(&mut self, value: T) -> H {
        work::steps(1);
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.entries.push((0, None));
                (self.entries.len() - 1) as u32
            }
        };
        let entry = &mut self.entries[index as usize];
        entry.1 = Some(value);
        H::new(index, entry.0)
    }

    pub(crate) fn get(&self, handle: H) -> Option<&T> {
        work::steps(1);
        let (index, generation) = handle.parts();
        self.entries.get(index as usize).filter(|entry| entry.0 == generation)?.1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, handle: H) -> Option<&mut T> {
        work::steps(1);
        let (index, generation) = handle.parts();
        self.entries.get_mut(index as usize).filter(|entry| entry.0 == generation)?.1.as_mut()
    }

    pub(crate) fn remove(&mut self, handle: H) -> Option<T> {
        work::steps(1);
        let (index, generation) = handle.parts();
        let entry = self.entries.get_mut(index as usize).filter(|entry| entry.0 == generation)?;
        let value = entry.1.take()?;
        entry.0 = (generation + 1) % GENERATIONS;
        self.free.push(index);
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (H, &T)> {
        self.entries.iter().enumerate().filter_map(|(index, (generation, value))| {
            work::steps(1);
            value.as_ref().map(|value| (H::new(index as u32, *generation), value))
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_handle_finds_nothing() {
        let mut slab: Slab<CallId, &str> = Slab::default();
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!(first.index(), second.index());
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.get(CallId::from_bits(second.to_bits())), Some(&"second"));
        assert_eq!(slab.len(), 1);
    }
}
