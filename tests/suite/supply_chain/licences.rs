//! Licence expressions as in Cargo manifests (SPDX, annex D), and whether a set of licences satisfies them.

/// Whether the licences for which `is_allowed` is true satisfy this expression.
///
/// `AND` binds more tightly than `OR`; the old `/` is an `OR`. A licence `WITH` an exception is one name, because each
/// exception must be reviewed although it only adds permissions. Invalid expressions are not satisfied.
pub(crate) fn is_satisfied(expression: &str, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { tokens: &tokens, is_allowed };
    parser.any() == Some(true) && parser.tokens.is_empty()
}

/// Each rule takes its tokens from the front; `None` if they do not match.
struct Parser<'text> {
    tokens: &'text [&'text str],
    is_allowed: &'text dyn Fn(&str) -> bool,
}

impl<'text> Parser<'text> {
    fn any(&mut self) -> Option<bool> {
        let mut holds = self.all()?;
        while self.take("OR") {
            holds |= self.all()?;
        }
        Some(holds)
    }

    fn all(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.take("AND") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let holds = self.any()?;
            return self.take(")").then_some(holds);
        }
        let licence = self.word()?;
        if self.take("WITH") {
            let exception = self.word()?;
            return Some((self.is_allowed)(&format!("{licence} WITH {exception}")));
        }
        Some((self.is_allowed)(licence))
    }

    fn word(&mut self) -> Option<&'text str> {
        let (&first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        (!["OR", "AND", "WITH", "(", ")"].contains(&first)).then_some(first)
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.tokens.first() == Some(&token);
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed = |expression| is_satisfied(expression, &|licence| ["MIT", "Apache-2.0"].contains(&licence));
    for yes in
        ["MIT", "GPL-3.0 OR MIT", "MIT/Unlicense", "(MIT OR GPL-3.0) AND Apache-2.0", "GPL-3.0 AND X OR MIT"]
    {
        assert!(allowed(yes), "{yes}");
    }
    for no in [
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "MIT AND (GPL-3.0 OR X)",
        "Apache-2.0 WITH LLVM-exception",
        "",
        "MIT OR",
        "(MIT",
        "MIT Apache-2.0",
    ] {
        assert!(!allowed(no), "{no}");
    }
}
