//! What the attribute writes must compile whatever the arguments are called.

#![allow(unreachable_pub, reason = "handlers are `pub` methods, and nobody else reaches a test")]

use atelier_runtime::worker::{Context, Handlers};

mod awkward {
    use super::Context;

    /// Handlers whose arguments have the names that the written code uses itself.
    pub struct Names;

    #[atelier_runtime::handlers]
    impl Names {
        /// The table's.
        pub fn table(&self, args: u32, method: String, context: Vec<u8>, value: u8, error: bool) -> usize {
            args as usize + method.len() + context.len() + usize::from(value) + usize::from(error)
        }

        /// The client's, and a keyword.
        pub async fn r#type(
            &self,
            task: u8,
            options: Option<u8>,
            r#in: u8,
            args: Context,
        ) -> Result<u8, String> {
            args.key().ok_or_else(|| format!("{task} {options:?} {in}", r#in = r#in)).map(|_| task)
        }
    }
}

#[test]
fn names_do_not_clash() {
    fn assert_handlers<T: Handlers>() {}
    assert_handlers::<awkward::Names>();
    let _ = (awkward::NamesClient::table, awkward::NamesClient::r#type);
}
