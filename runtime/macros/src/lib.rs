//! The attribute that turns a Rust `impl` into a worker's dispatch table and a typed client for the page.

mod handlers;

use proc_macro::TokenStream;

/// Makes the public methods of an `impl` block callable from the page.
///
/// For `impl Photo` it writes `impl Handlers for Photo`, which reads the arguments, calls the method and writes its
/// result, and `PhotoClient`, whose methods of the same names call a task and read what comes back. Methods take
/// `&self` and arguments that are `Serialize` and `Deserialize`; they may be `async`, may return a `Result` whose error
/// implements `Display`, and may end with an argument of type `Context`, which only the worker sees. Methods that are
/// not fully `pub` are left alone. Bytes move without being copied between page and worker when they are
/// `serde_bytes::ByteBuf`; a `Vec<u8>` is an array of numbers.
///
/// ```text
/// #[atelier_runtime::handlers]
/// impl Arithmetic {
///     pub fn double(&self, number: u32) -> u32 {
///         number * 2
///     }
/// }
/// // In the worker: expose(Arithmetic). On the page: ArithmeticClient::new(task).double(21).await
/// ```
#[proc_macro_attribute]
pub fn handlers(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handlers::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
