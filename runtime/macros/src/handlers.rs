//! Reads an `impl` block and writes the dispatch table and the client.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, Pat, PathArguments,
};
use syn::{Path, Result, ReturnType, Type, Visibility};

/// What the client has already.
const TAKEN: [&str; 2] = ["new", "with"];

struct Method<'a> {
    item: &'a ImplItemFn,
    args: Vec<(&'a Ident, &'a Type)>,
    context: bool,
    ok: TokenStream,
    fallible: bool,
}

/// The variables of the code that is written. Their hygiene keeps them apart from arguments of the same names.
struct Locals {
    args: Ident,
    context: Ident,
    value: Ident,
}

impl Locals {
    fn new() -> Locals {
        let local = |name| Ident::new(name, Span::mixed_site());
        Locals { args: local("args"), context: local("context"), value: local("value") }
    }
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new(arguments.span(), "this attribute takes no arguments"));
    }
    let block: ItemImpl = syn::parse2(item)?;
    let self_ty = &block.self_ty;
    if block.trait_.is_some() || !block.generics.params.is_empty() {
        return Err(Error::new(self_ty.span(), "put this on a plain `impl Type` block without generics"));
    }
    let Some(name) = path_of(self_ty).and_then(|path| path.segments.last()).map(|segment| &segment.ident)
    else {
        return Err(Error::new(self_ty.span(), "put this on an `impl` of a named type"));
    };
    let methods = block
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Fn(item) if matches!(item.vis, Visibility::Public(_)) => Some(read(item)),
            _ => None,
        })
        .collect::<Result<Vec<_>>>()?;

    let locals = Locals::new();
    let Locals { args, context, .. } = &locals;
    let arms = methods.iter().map(|method| arm(method, &locals));
    let calls = methods.iter().map(|method| call(method, &locals));
    let client = format_ident!("{name}Client");
    let doc = format!("Calls the handlers of [`{name}`] through a task.");
    Ok(quote! {
        #block

        impl ::atelier_runtime::worker::Handlers for #self_ty {
            fn call(
                self: ::std::rc::Rc<Self>,
                method: &str,
                #args: ::atelier_runtime::worker::Array,
                #context: ::atelier_runtime::worker::Context,
            ) -> ::std::option::Option<::atelier_runtime::worker::Work> {
                match method {
                    #(#arms)*
                    _ => ::std::option::Option::None,
                }
            }
        }

        #[doc = #doc]
        #[derive(Clone)]
        pub struct #client {
            task: ::atelier_runtime::Task,
            options: ::atelier_runtime::CallOptions,
        }

        impl #client {
            /// A client of this task, whose workers expose these handlers.
            pub fn new(task: ::atelier_runtime::Task) -> Self {
                Self { task, options: ::std::default::Default::default() }
            }

            /// The same client with these options for its calls.
            pub fn with(&self, options: ::atelier_runtime::CallOptions) -> Self {
                Self { task: self.task.clone(), options }
            }

            #(#calls)*
        }
    })
}

fn read(item: &ImplItemFn) -> Result<Method<'_>> {
    let mut inputs = item.sig.inputs.iter();
    if !matches!(inputs.next(), Some(FnArg::Receiver(receiver)) if receiver.reference.is_some() && receiver.mutability.is_none())
    {
        return Err(Error::new(
            item.sig.span(),
            "a handler takes `&self` first: calls share one worker's state",
        ));
    }
    if !item.sig.generics.params.is_empty() {
        let message = "a handler has no generics: the call that it answers knows no types";
        return Err(Error::new(item.sig.generics.span(), message));
    }
    let name = &item.sig.ident;
    if TAKEN.iter().any(|taken| name == taken) {
        let message = format!("the client has a `{name}` of its own; give this handler another name");
        return Err(Error::new(name.span(), message));
    }
    let mut args = Vec::new();
    for input in inputs {
        let FnArg::Typed(typed) = input else { continue };
        let Pat::Ident(pattern) = &*typed.pat else {
            return Err(Error::new(typed.pat.span(), "a handler's argument is a plain name"));
        };
        args.push((&pattern.ident, &*typed.ty));
    }
    let context = args.last().is_some_and(|(_, ty)| is_context(ty));
    if context {
        args.pop();
    }
    for (_, ty) in &args {
        if is_context(ty) {
            return Err(Error::new(ty.span(), "the `Context` is a handler's last argument"));
        }
        if let Type::Reference(_) = ty {
            let message = "a handler owns its arguments, which come in a message; take `String` for `&str`, `Vec` for a slice";
            return Err(Error::new(ty.span(), message));
        }
    }
    let (ok, fallible) = match &item.sig.output {
        ReturnType::Default => (quote!(()), false),
        ReturnType::Type(_, ty) => match result_ok(ty) {
            Some(ok) => (quote!(#ok), true),
            None => (quote!(#ty), false),
        },
    };
    Ok(Method { item, args, context, ok, fallible })
}

fn path_of(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(path) => Some(&path.path),
        _ => None,
    }
}

fn is_context(ty: &Type) -> bool {
    path_of(ty).and_then(|path| path.segments.last()).is_some_and(|segment| segment.ident == "Context")
}

fn result_ok(ty: &Type) -> Option<&Type> {
    let segment = path_of(ty)?.segments.last().filter(|segment| segment.ident == "Result")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ok)) => Some(ok),
        _ => None,
    }
}

/// A method's attributes of these kinds, for what is written in its place.
fn attributes<'a>(method: &'a Method<'_>, kinds: &'a [&str]) -> impl Iterator<Item = &'a Attribute> {
    method.item.attrs.iter().filter(|attribute| kinds.iter().any(|kind| attribute.path().is_ident(kind)))
}

fn arm(method: &Method<'_>, Locals { args, context, value }: &Locals) -> TokenStream {
    let ident = &method.item.sig.ident;
    let name = ident.unraw().to_string();
    let attributes = attributes(method, &["cfg"]);
    let reads = method.args.iter().enumerate().map(|(index, (arg, ty))| {
        let (index, label) = (index as u32, arg.unraw().to_string());
        quote!(let #arg: #ty = ::atelier_runtime::worker::argument(&#args, #index, #label)?;)
    });
    let names = method.args.iter().map(|(arg, _)| arg);
    let context = method.context.then_some(context);
    let call = quote!(self.#ident(#(#names,)* #context));
    let call = if method.item.sig.asyncness.is_some() { quote!(#call.await) } else { call };
    let call = if method.fallible {
        quote!(#call.map_err(|error| ::atelier_runtime::worker::failure(&error))?)
    } else {
        call
    };
    quote! {
        #(#attributes)*
        #name => ::std::option::Option::Some(::std::boxed::Box::pin(async move {
            #(#reads)*
            let #value = #call;
            ::atelier_runtime::worker::result(&#value)
        })),
    }
}

fn call(method: &Method<'_>, Locals { args, value, .. }: &Locals) -> TokenStream {
    let ident = &method.item.sig.ident;
    let name = ident.unraw().to_string();
    let ok = &method.ok;
    let params = method.args.iter().map(|(arg, ty)| quote!(#arg: #ty));
    let pushes = method.args.iter().map(|(arg, _)| quote!(::atelier_runtime::worker::push(&#args, &#arg)?;));
    let attributes = attributes(method, &["doc", "cfg"]);
    quote! {
        #(#attributes)*
        ///
        /// # Errors
        /// What the handler failed with, or why the call did not reach it.
        pub async fn #ident(&self, #(#params),*) -> ::std::result::Result<#ok, ::atelier_runtime::CallError> {
            let #args = ::atelier_runtime::worker::Array::new();
            #(#pushes)*
            let #value = self.task.call(#name, #args, self.options.clone()).await?;
            ::atelier_runtime::worker::read(#value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: TokenStream, item: TokenStream) -> String {
        expand(arguments, item).err().map_or_else(String::new, |error| error.to_string())
    }

    fn items(expansion: TokenStream) -> Vec<syn::Item> {
        syn::parse2::<syn::File>(expansion).map(|file| file.items).unwrap_or_default()
    }

    /// The signatures of the client's methods beyond its own.
    fn calls(item: TokenStream) -> Vec<String> {
        let items = expand(TokenStream::new(), item).map(items).unwrap_or_default();
        let methods = items.into_iter().filter_map(|item| match item {
            syn::Item::Impl(block) => {
                let of_client =
                    path_of(&block.self_ty)?.segments.last()?.ident.to_string().ends_with("Client");
                of_client.then_some(block.items)
            }
            _ => None,
        });
        let signatures = methods.flatten().filter_map(|item| match item {
            ImplItem::Fn(item) if !TAKEN.iter().any(|taken| item.sig.ident == taken) => {
                let sig = item.sig;
                Some(quote!(#sig).to_string().replace(' ', ""))
            }
            _ => None,
        });
        signatures.collect()
    }

    #[test]
    fn what_makes_no_handlers_is_refused_with_a_reason() {
        let none = TokenStream::new;
        for (item, reason) in [
            (quote!(impl Clone for Numbers {}), "plain `impl Type` block"),
            (
                quote!(
                    impl<T> Numbers<T> {}
                ),
                "plain `impl Type` block",
            ),
            (quote!(impl [u8] {}), "named type"),
            (
                quote!(
                    struct Numbers;
                ),
                "expected `impl`",
            ),
            (quote!(impl Numbers { pub fn f() {} }), "takes `&self` first"),
            (quote!(impl Numbers { pub fn f(self) {} }), "takes `&self` first"),
            (quote!(impl Numbers { pub fn f(&mut self) {} }), "takes `&self` first"),
            (quote!(impl Numbers { pub fn f<T>(&self, it: T) {} }), "no generics"),
            (quote!(impl Numbers { pub fn f(&self, (a, b): (u8, u8)) {} }), "plain name"),
            (quote!(impl Numbers { pub fn f(&self, text: &str) {} }), "take `String` for `&str`"),
            (quote!(impl Numbers { pub fn f(&self, context: &Context) {} }), "owns its arguments"),
            (quote!(impl Numbers { pub fn f(&self, context: Context, n: u8) {} }), "last argument"),
            (quote!(impl Numbers { pub fn with(&self) {} }), "`with` of its own"),
            (quote!(impl Numbers { pub fn new(&self) {} }), "`new` of its own"),
        ] {
            let refusal = refusal(none(), item.clone());
            assert!(refusal.contains(reason), "{item}: {refusal}");
        }
        assert_eq!(refusal(quote!(name = 1), quote!(impl N {})), "this attribute takes no arguments");
    }

    #[test]
    fn the_client_has_the_public_methods_as_async_functions() {
        let client = calls(quote! {
            impl Numbers {
                pub fn plain(&self, a: u32, b: Vec<u8>) -> u64 { 0 }
                pub async fn fallible(&self, context: worker::Context) -> Result<String, Oh> { Err(Oh) }
                pub fn nothing(&self, mut n: u8) {}
                fn private(&self, generic: impl Sized) {}
                pub(crate) fn inner(&mut self) {}
            }
        });
        let result = |ok: &str| format!("->::std::result::Result<{ok},::atelier_runtime::CallError>");
        assert_eq!(
            client,
            [
                format!("asyncfnplain(&self,a:u32,b:Vec<u8>){}", result("u64")),
                format!("asyncfnfallible(&self,){}", result("String")),
                format!("asyncfnnothing(&self,n:u8){}", result("()")),
            ]
        );
    }

    #[test]
    fn the_wire_has_names_without_their_escape() {
        let block = quote!(impl Numbers { #[cfg(test)] pub fn r#type(&self, r#in: u8) {} });
        let expansion = expand(TokenStream::new(), block).map(|tokens| tokens.to_string());
        let written = expansion.unwrap_or_default();
        assert!(written.contains("\"type\" =>") && written.contains("\"in\""), "{written}");
        assert!(!written.contains("\"r#"), "{written}");
        // Once in the block, in the table and in the client.
        assert_eq!(written.matches("cfg").count(), 3, "{written}");
    }
}
