//! Lines, cognitive complexity, nesting and `unsafe` blocks of a file, without what is for tests or for other systems.
//!
//! The library big-code-analysis parses, and counts lines and complexity: its rules for Rust are tested with code from many
//! projects. Nesting and `unsafe` blocks are counted here, in the tree that it has parsed.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use big_code_analysis::tree_sitter::Node;
use big_code_analysis::{Ast, FuncSpace, LANG, MetricsOptions, SpaceKind};
use ease::card::{Figures, Worst};

/// Conditions under which code is compiled that is not in the program: for tests, for the tool loom, in debug builds alone.
const NOT_IN_THE_PROGRAM: [&str; 3] = ["test", "loom", "debug_assertions"];
/// And for other systems.
const ELSEWHERE: &str = "not(target_os=\"linux\")";

/// The code of a file that is in the program.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    text: Vec<u8>,
}

impl Source {
    /// Reads a file of the project.
    pub(crate) fn read(project: &Path, file: &Path) -> Result<Source> {
        let text = fs::read(project.join(file)).with_context(|| format!("cannot read {}", file.display()))?;
        Source::of(&file.to_string_lossy(), text)
    }

    fn of(name: &str, mut text: Vec<u8>) -> Result<Source> {
        let mut left_out = Vec::new();
        find_left_out(parsed(name, &text)?.as_tree_sitter().root_node(), &text, &mut left_out);
        // Lines stay lines, so that places in messages are those of the file.
        for at in left_out.into_iter().flatten().filter(|&at| text[at] != b'\n').collect::<Vec<usize>>() {
            text[at] = b' ';
        }
        Ok(Source { name: name.to_owned(), text })
    }

    /// The modules that it declares and whose code is in other files.
    pub(crate) fn modules(&self) -> Result<Vec<String>> {
        let tree = parsed(&self.name, &self.text)?;
        let root = tree.as_tree_sitter().root_node();
        let mut cursor = root.walk();
        let declared = root
            .children(&mut cursor)
            .filter(|item| item.kind() == "mod_item" && item.child_by_field_name("body").is_none());
        let names = declared.filter_map(|item| item.child_by_field_name("name"));
        Ok(names.map(|name| self.words(name)).collect())
    }

    /// Its figures.
    pub(crate) fn figures(&self) -> Result<Figures> {
        let tree = parsed(&self.name, &self.text)?;
        let space = tree
            .metrics(MetricsOptions::default())
            .map_err(|error| anyhow!("cannot measure {}: {error}", self.name))?;
        let root = tree.as_tree_sitter().root_node();
        let mut figures = Figures {
            lines: usize::try_from(space.metrics.loc.ploc())?,
            complexity: complexity(&space),
            worst: worst(&space, ""),
            ..Figures::default()
        };
        walk(root, 0, &mut figures);
        Ok(figures)
    }

    fn words(&self, node: Node) -> String {
        words(node, &self.text)
    }
}

fn parsed(name: &str, text: &[u8]) -> Result<Ast> {
    let tree = Ast::parse(big_code_analysis::Source::new(LANG::Rust, text))
        .map_err(|error| anyhow!("cannot parse {name}: {error}"))?;
    let root = tree.as_tree_sitter().root_node();
    if root.has_error() {
        let place = first_error(root).map_or(0, |at| at.start_position().row + 1);
        return Err(anyhow!(
            "cannot parse {name}: what stands in line {place} is no Rust that tree-sitter knows"
        ));
    }
    Ok(tree)
}

fn first_error(node: Node) -> Option<Node> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).find_map(first_error)
}

fn words(node: Node, text: &[u8]) -> String {
    String::from_utf8_lossy(&text[node.byte_range()]).into_owned()
}

/// The places of items and statements that are not in the program, each with its attributes.
fn find_left_out(node: Node, text: &[u8], found: &mut Vec<Range<usize>>) {
    let mut cursor = node.walk();
    let mut attributes: Option<usize> = None;
    let mut is_left_out = false;
    for child in node.children(&mut cursor) {
        if child.kind() == "attribute_item" {
            attributes.get_or_insert(child.start_byte());
            is_left_out |= is_not_in_the_program(&words(child, text));
        } else if child.is_extra() {
            // A comment between an attribute and its item.
        } else {
            is_left_out |= has_attribute_within(child) && leads_out(child, text);
            if is_left_out {
                // Of a field or a variant also the comma behind it.
                let end = child.next_sibling().filter(|next| next.kind() == ",").unwrap_or(child);
                found.push(attributes.unwrap_or(child.start_byte())..end.end_byte());
            } else {
                find_left_out(child, text, found);
            }
            (attributes, is_left_out) = (None, false);
        }
    }
}

/// Whether the grammar has the attributes of this within it, and not before it.
fn has_attribute_within(node: Node) -> bool {
    ["field_initializer", "shorthand_field_initializer", "match_arm"].contains(&node.kind())
}

fn leads_out(node: Node, text: &[u8]) -> bool {
    let mut cursor = node.walk();
    let mut attributes = node.children(&mut cursor).take_while(|child| child.kind() == "attribute_item");
    attributes.any(|attribute| is_not_in_the_program(&words(attribute, text)))
}

/// Whether an attribute is a condition that does not hold for a program that is built for release on Linux.
fn is_not_in_the_program(attribute: &str) -> bool {
    let text: String = attribute.chars().filter(|letter| !letter.is_whitespace()).collect();
    let Some(condition) = text.strip_prefix("#[cfg(") else { return text == "#[test]" };
    if condition.contains(ELSEWHERE) {
        return true;
    }
    // What is negated holds.
    let mut kept = condition;
    let mut positive = String::new();
    while let Some((before, negated)) = kept.split_once("not(") {
        positive.push_str(before);
        kept = negated.split_once(')').map_or("", |(_, after)| after);
    }
    positive.push_str(kept);
    positive
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| NOT_IN_THE_PROGRAM.contains(&word))
}

/// That of all functions in it.
fn complexity(space: &FuncSpace) -> usize {
    usize::try_from(space.metrics.cognitive.cognitive_sum()).unwrap_or(usize::MAX)
}

/// The function with the highest complexity, with all closures in it; `None` if no function has any.
fn worst(space: &FuncSpace, owner: &str) -> Option<Worst> {
    let name = space.name.as_deref().unwrap_or_default();
    if space.kind == SpaceKind::Function {
        let complexity = complexity(space);
        let function = if owner.is_empty() { name.to_owned() } else { format!("{owner}::{name}") };
        return (complexity > 0).then_some(Worst { function, complexity });
    }
    // Parameters of a type are not needed to find it.
    let owner = if space.kind == SpaceKind::Unit { "" } else { name.split('<').next().unwrap_or(name) };
    let all = space.spaces.iter().filter_map(|inner| worst(inner, owner));
    // The first of equals.
    all.reduce(|one, other| if other.complexity > one.complexity { other } else { one })
}

/// Counts `unsafe` blocks, and finds the deepest nesting of what the complexity counts as a level.
fn walk(node: Node, depth: usize, figures: &mut Figures) {
    figures.unsafe_blocks += usize::from(node.kind() == "unsafe_block");
    let depth = match node.kind() {
        "function_item" => 0,
        "if_expression" if is_else_if(node) => depth,
        "if_expression" | "match_expression" | "for_expression" | "while_expression" | "loop_expression"
        | "closure_expression" => depth + 1,
        "let_declaration" if node.child_by_field_name("alternative").is_some() => depth + 1,
        _ => depth,
    };
    figures.nesting = figures.nesting.max(depth);
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        walk(child, depth, figures);
    }
}

fn is_else_if(node: Node) -> bool {
    node.parent().is_some_and(|parent| parent.kind() == "else_clause")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(text: &str) -> Figures {
        Source::of("example.rs", text.as_bytes().to_vec()).unwrap().figures().unwrap()
    }

    /// The complexity of a function with this body.
    fn complexity(body: &str) -> usize {
        figures(&format!("fn example() {{ {body} }}")).complexity
    }

    /// By hand, from the published definition.
    #[test]
    fn complexity_is_that_of_the_published_definition() {
        for (body, expected) in [
            ("a()", 0),
            ("let b = a()?; b.await", 0),
            ("if a { b() }", 1),
            ("if a { b() } else { c() }", 2),
            ("if a { b() } else if c { d() } else { e() }", 3),
            ("if a { if b { c() } }", 1 + 2),
            ("for a in b { while c { loop { d() } } }", 1 + 2 + 3),
            ("match a { 1 => b(), 2 => c(), _ => d() }", 1),
            ("for a in b { match c { 1 => d(), _ => e() } }", 1 + 2),
            ("if a && b && c { d() }", 1 + 1),
            ("if a && b || c && d { e() }", 1 + 3),
            ("a(|| if b { c() })", 2),
            ("let Some(a) = b else { return; };", 1),
            ("'a: for b in c { for d in e { if f { continue 'a; } } }", 1 + 2 + 3 + 1),
            ("if let Some(a) = b && let Some(c) = d { e() }", 1 + 1),
        ] {
            assert_eq!(complexity(body), expected, "{body}");
        }
    }

    #[test]
    fn lines_are_those_with_code() {
        let text = "//! Title\n\nuse a::b; // why\n\n/// What it does.\nfn one() {\n    // How.\n    two(\n        3,\n    );\n}\n";
        assert_eq!(figures(text).lines, 6);
    }

    #[test]
    fn what_is_for_tests_and_for_other_systems_does_not_count() {
        let one = "fn one() { if a { b() } }\n";
        let expected = figures(one);
        for further in [
            "#[cfg(test)]\nmod tests {\n fn two() { if a { b() } }\n}\n",
            "#[cfg(all(test, not(loom)))]\nmod tests {\n fn two() { unsafe { b() } }\n}\n",
            "#[cfg(loom)]\n/// Two.\n#[inline]\nfn two() { if a { b() } }\n",
            "#[cfg(not(target_os = \"linux\"))]\nfn two() { if a { b() } }\n",
            "#[cfg(debug_assertions)]\nfn two() { if a { b() } }\n",
        ] {
            assert_eq!(figures(&format!("{further}{one}")), expected, "{further}");
            assert_eq!(figures(&format!("{one}{further}")), expected, "{further}");
        }
        for further in
            ["#[cfg(not(loom))]\nfn two() { if a { b() } }\n", "#[cfg(target_os = \"linux\")]\nfn two() {}\n"]
        {
            assert!(figures(&format!("{one}{further}")).lines > expected.lines, "{further}");
        }
    }

    #[test]
    fn a_field_goes_with_its_comma() {
        let text = "struct A {\n    b: C,\n    #[cfg(test)]\n    d: E,\n    f: G,\n}";
        assert_eq!(figures(text).lines, 4);
        let text = "fn a() -> A {\n    A {\n        #[cfg(test)]\n        d: 1,\n        f: 2,\n    }\n}";
        assert_eq!(figures(text).lines, 5);
    }

    #[test]
    fn nesting_is_the_deepest_of_all_functions_and_unsafe_blocks_are_counted() {
        let text = "fn one() { if a { for b in c { d(|| unsafe { e() }) } } else if f { g() } }\nfn two() { unsafe { h() } }";
        let figures = figures(text);
        assert_eq!((figures.nesting, figures.unsafe_blocks), (3, 2));
    }

    #[test]
    fn the_worst_function_has_the_name_of_its_type_and_its_closures() {
        let text =
            "fn one() { if a { b() } }\nimpl<'a> Client<'a> { fn two() { a(|| if b { if c { d() } }) } }";
        let worst = figures(text).worst.unwrap();
        assert_eq!((worst.function.as_str(), worst.complexity), ("Client::two", 2 + 3));
        assert_eq!(figures("fn one() {}").worst, None);
    }

    #[test]
    fn what_cannot_be_parsed_is_named() {
        let error = Source::of("broken.rs", b"fn (".to_vec()).unwrap_err().to_string();
        assert!(error.contains("broken.rs"), "{error}");
    }
}
