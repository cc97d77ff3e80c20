//! Items of a file, found by parsing it: no mark stands in the code, and none can be lost.

use anyhow::{Context, Result, bail, ensure};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{ImplItem, Item, ItemImpl, TraitItem, Type};

use crate::words;

/// Lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    /// The number of the first one.
    pub(crate) line: usize,
    pub(crate) text: String,
    /// Whether it is Markdown, and no code.
    pub(crate) is_prose: bool,
}

/// The lines of these items, in this order: a name, `Type::method`, `impl Type`, `impl Trait for Type`, `header` or `all`.
pub(crate) fn find(path: &str, text: &str, names: &[String]) -> Result<Vec<Lines>> {
    let is_rust = words::ends_with(path, "rs");
    let mut found = Vec::new();
    let mut parsed = None;
    for name in names {
        let lines = match name.as_str() {
            "all" => vec![Lines { line: 1, text: text.trim_end().to_owned(), is_prose: false }],
            _ if !is_rust => bail!("{path} is not Rust, so only `all` of it can be shown"),
            "header" => vec![header(text)],
            _ => {
                if parsed.is_none() {
                    parsed = Some(syn::parse_file(text).with_context(|| format!("{path} is not Rust"))?);
                }
                let items = parsed.as_ref().map(|file| file.items.as_slice()).unwrap_or_default();
                spans(items, name).into_iter().map(|span| lines(text, span)).collect()
            }
        };
        let is_method = name.contains("::") && !name.starts_with("impl ");
        ensure!(!lines.is_empty(), "{path} has no `{name}`; it was renamed or moved, or is misspelt");
        ensure!(
            lines.len() == 1 || !is_method,
            "{path} has {} of `{name}`; show the impl block instead",
            lines.len()
        );
        ensure!(lines.iter().all(|lines| !lines.text.trim().is_empty()), "`{name}` of {path} is empty");
        found.extend(lines);
    }
    Ok(found)
}

/// The lines at the beginning that document the file, as Markdown.
fn header(text: &str) -> Lines {
    let prose: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    Lines { line: 1, text: prose.join("\n"), is_prose: true }
}

/// Whole lines, moved to the left.
fn lines(text: &str, span: Span) -> Lines {
    let (from, to) = (span.start().line, span.end().line);
    let lines: Vec<&str> = text.lines().skip(from - 1).take(to + 1 - from).collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let text: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or_default()).collect();
    Lines { line: from, text: text.join("\n"), is_prose: false }
}

/// Where the items of this name stand, those of inner modules last.
fn spans(items: &[Item], name: &str) -> Vec<Span> {
    let mut found: Vec<Span> = items.iter().flat_map(|item| of_item(item, name)).collect();
    if found.is_empty() {
        let inner = items.iter().filter_map(|item| match item {
            Item::Mod(module) => module.content.as_ref().map(|(_, items)| items),
            _ => None,
        });
        found = inner.flat_map(|items| spans(items, name)).collect();
    }
    found
}

fn of_item(item: &Item, name: &str) -> Vec<Span> {
    if own_name(item).is_some_and(|own| own == name) {
        return vec![item.span()];
    }
    if let Item::Impl(block) = item
        && is_block(block, name)
    {
        return vec![item.span()];
    }
    match (item, name.split_once("::")) {
        (Item::Impl(block), Some((owner, member))) if type_name(&block.self_ty) == owner => {
            let members =
                block.items.iter().filter(|item| impl_member(item).is_some_and(|own| own == member));
            members.map(Spanned::span).collect()
        }
        (Item::Trait(block), Some((owner, member))) if block.ident == owner => {
            let members =
                block.items.iter().filter(|item| trait_member(item).is_some_and(|own| own == member));
            members.map(Spanned::span).collect()
        }
        _ => Vec::new(),
    }
}

fn own_name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn impl_member(item: &ImplItem) -> Option<String> {
    match item {
        ImplItem::Const(item) => Some(item.ident.to_string()),
        ImplItem::Fn(item) => Some(item.sig.ident.to_string()),
        ImplItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn trait_member(item: &TraitItem) -> Option<String> {
    match item {
        TraitItem::Const(item) => Some(item.ident.to_string()),
        TraitItem::Fn(item) => Some(item.sig.ident.to_string()),
        TraitItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

/// Whether it is the block that is meant, whatever its generics.
fn is_block(block: &ItemImpl, name: &str) -> bool {
    let Some(wanted) = name.strip_prefix("impl ") else { return false };
    let (wanted_trait, wanted_type) = match wanted.split_once(" for ") {
        Some((of, to)) => (Some(bare(of)), bare(to)),
        None => (None, bare(wanted)),
    };
    let of = block.trait_.as_ref().and_then(|(path, _)| path.segments.last());
    of.map(|segment| segment.ident.to_string()) == wanted_trait && type_name(&block.self_ty) == wanted_type
}

/// A path's last name, without generics, and without the sign of a reference.
fn bare(path: &str) -> String {
    let path = path.trim_start_matches('&').split('<').next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default().trim().to_owned()
}

fn type_name(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        Type::Reference(reference) => type_name(&reference.elem),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
//! A header.
//!
//! More of it.

use std::io;

/// How many.
pub const MANY: usize = 3; // more is wrong

/// Serves.
#[inline]
fn serve() {
    let a = 1;

    drop(a);
}

struct Client<T>(T);

impl<T> Client<T> {
    /// Receives.
    fn receive(&self) {}
    const LIMIT: usize = 1;
}

impl<T> io::Read for Client<T> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Drop for &Other {
    fn drop(&mut self) {}
}

trait Acts {
    fn act(&self) {}
}

macro_rules! many { () => {} }

mod inner {
    fn deep() {}
}
";

    fn shown(name: &str) -> String {
        find("a.rs", FILE, &[name.to_owned()]).unwrap()[0].text.clone()
    }

    #[test]
    fn an_item_is_shown_with_its_attributes_and_its_documentation() {
        assert_eq!(shown("serve"), "/// Serves.\n#[inline]\nfn serve() {\n    let a = 1;\n\n    drop(a);\n}");
        assert_eq!(shown("MANY"), "/// How many.\npub const MANY: usize = 3; // more is wrong");
        assert_eq!(shown("Client"), "struct Client<T>(T);");
        assert_eq!(shown("many"), "macro_rules! many { () => {} }");
        assert_eq!(shown("deep"), "fn deep() {}");
    }

    #[test]
    fn members_and_blocks_are_found_whatever_their_generics() {
        assert_eq!(shown("Client::receive"), "/// Receives.\nfn receive(&self) {}");
        assert_eq!(shown("Client::LIMIT"), "const LIMIT: usize = 1;");
        assert!(shown("Client::read").starts_with("fn read(&mut self"));
        assert!(shown("impl Client").starts_with("impl<T> Client<T> {\n    /// Receives."));
        assert!(shown("impl io::Read for Client<T>").starts_with("impl<T> io::Read for Client<T>"));
        assert!(shown("impl Drop for &Other").starts_with("impl Drop for &Other"));
        assert_eq!(shown("Acts::act"), "fn act(&self) {}");
    }

    #[test]
    fn a_header_is_prose_and_a_file_is_all_of_it() {
        assert_eq!(shown("header"), "A header.\n\nMore of it.");
        assert_eq!(shown("all"), FILE.trim_end());
        let items = find("a.rs", FILE, &["serve".to_owned(), "MANY".to_owned()]).unwrap();
        assert_eq!((items[0].line, items[1].line), (10, 7));
    }

    fn problem(path: &str, text: &str, name: &str) -> String {
        find(path, text, &[name.to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn what_is_lost_empty_or_not_to_be_found_is_an_error() {
        assert_eq!(
            problem("a.rs", FILE, "sreve"),
            "a.rs has no `sreve`; it was renamed or moved, or is misspelt"
        );
        assert!(problem("a.rs", FILE, "Client::recieve").contains("has no `Client::recieve`"));
        assert!(problem("a.rs", FILE, "impl Read for Other").contains("has no"));
        assert_eq!(problem("a.rs", "fn a() {}", "header"), "`header` of a.rs is empty");
        assert_eq!(problem("a.rs", "\n", "all"), "`all` of a.rs is empty");
        assert!(problem("a.c", "int a;", "a").contains("only `all`"));
        assert!(problem("a.rs", "fn a( {", "a").contains("is not Rust"));
        let twice = "struct A; impl X for A { fn x() {} } impl Y for A { fn x() {} }";
        assert!(problem("a.rs", twice, "A::x").contains("has 2 of `A::x`"));
    }
}
