//! Reads an `impl` block and writes the dispatch table and the client.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Pat, Result, ReturnType, Type, Visibility};

struct Method<'a> {
    item: &'a ImplItemFn,
    args: Vec<(&'a Ident, &'a Type)>,
    context: bool,
    ok: TokenStream,
    fallible: bool,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new(arguments.span(), "this attribute takes no arguments"));
    }
    let block: ItemImpl = syn::parse2(item)?;
    if block.trait_.is_some() || !block.generics.params.is_empty() {
        return Err(Error::new(
            block.self_ty.span(),
            "put this on a plain `impl Type` block without generics",
        ));
    }
    let Type::Path(path) = &*block.self_ty else {
        return Err(Error::new(block.self_ty.span(), "put this on an `impl` of a named type"));
    };
    let Some(name) = path.path.segments.last().map(|segment| &segment.ident) else {
        return Err(Error::new(block.self_ty.span(), "put this on an `impl` of a named type"));
    };
    let methods = block
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Fn(item) if matches!(item.vis, Visibility::Public(_)) => Some(read(item)),
            _ => None,
        })
        .collect::<Result<Vec<_>>>()?;

    let arms = methods.iter().map(arm);
    let calls = methods.iter().map(call);
    let client = format_ident!("{name}Client");
    let doc = format!("Calls the handlers of [`{name}`] through a task.");
    Ok(quote! {
        #block

        impl ::atelier_runtime::worker::Handlers for #name {
            fn call(
                self: ::std::rc::Rc<Self>,
                method: &str,
                args: ::atelier_runtime::worker::Array,
                context: ::atelier_runtime::worker::Context,
            ) -> ::std::option::Option<::atelier_runtime::worker::Work> {
                let _ = &context;
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
        return Err(Error::new(item.sig.span(), "a handler takes `&self` first"));
    }
    let mut args = Vec::new();
    for input in inputs {
        let FnArg::Typed(typed) = input else { continue };
        let Pat::Ident(pattern) = &*typed.pat else {
            return Err(Error::new(typed.pat.span(), "a handler's argument is a plain name"));
        };
        args.push((&pattern.ident, &*typed.ty));
    }
    let context = args.last().is_some_and(|(_, ty)| last_segment(ty).is_some_and(|name| name == "Context"));
    if context {
        args.pop();
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

fn last_segment(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

fn result_ok(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Result")?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(ok)) => Some(ok),
        _ => None,
    }
}

fn arm(method: &Method<'_>) -> TokenStream {
    let ident = &method.item.sig.ident;
    let name = ident.to_string();
    let reads = method.args.iter().enumerate().map(|(index, (arg, ty))| {
        let (index, label) = (index as u32, arg.to_string());
        quote!(let #arg: #ty = ::atelier_runtime::worker::argument(&args, #index, #label)?;)
    });
    let names = method.args.iter().map(|(arg, _)| arg);
    let context = method.context.then(|| quote!(context));
    let call = quote!(self.#ident(#(#names,)* #context));
    let call = if method.item.sig.asyncness.is_some() { quote!(#call.await) } else { call };
    let value = if method.fallible {
        quote!(#call.map_err(|error| ::atelier_runtime::worker::failure(&error))?)
    } else {
        call
    };
    quote! {
        #name => ::std::option::Option::Some(::std::boxed::Box::pin(async move {
            #(#reads)*
            let value = #value;
            ::atelier_runtime::worker::result(&value)
        })),
    }
}

fn call(method: &Method<'_>) -> TokenStream {
    let ident = &method.item.sig.ident;
    let name = ident.to_string();
    let ok = &method.ok;
    let params = method.args.iter().map(|(arg, ty)| quote!(#arg: #ty));
    let pushes = method.args.iter().map(|(arg, _)| quote!(::atelier_runtime::worker::push(&args, &#arg)?;));
    let docs = method.item.attrs.iter().filter(|attr| attr.path().is_ident("doc"));
    quote! {
        #(#docs)*
        ///
        /// # Errors
        /// What the handler failed with, or why the call did not reach it.
        pub async fn #ident(&self, #(#params),*) -> ::std::result::Result<#ok, ::atelier_runtime::CallError> {
            let args = ::atelier_runtime::worker::Array::new();
            #(#pushes)*
            let value = self.task.call(#name, args, self.options.clone()).await?;
            ::atelier_runtime::worker::read(value)
        }
    }
}
