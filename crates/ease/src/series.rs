//! The series' own programs, as figures alone. Our tool did not measure them: it reads Rust, and they are in C and JavaScript.

use text::markdown::{header, line};

/// What somebody else's tools said about a program.
#[derive(Debug)]
pub struct Program {
    /// What it is in the series, and its language.
    pub name: &'static str,
    /// Lines with code.
    pub lines: u32,
    /// The highest cyclomatic complexity of a function.
    pub worst_cyclomatic: u32,
    /// The sum of cognitive complexity.
    pub complexity: u32,
    /// The deepest nesting of braces.
    pub nesting: u32,
}

/// How these figures were made.
pub const SOURCE: &str = "Measured once on the series' published sources by other tools (lizard, and big-code-analysis 2.4.0), which count braces and \
     C's error handling differently: compare these programs with each other, not with ours.";

const fn program(name: &'static str, [lines, worst_cyclomatic, complexity, nesting]: [u32; 4]) -> Program {
    Program { name, lines, worst_cyclomatic, complexity, nesting }
}

/// The programs of which figures are known.
pub const PROGRAMS: [Program; 8] = [
    program("sequential, C", [60, 11, 28, 6]),
    program("threaded, C", [79, 11, 30, 6]),
    program("select, C", [198, 25, 122, 8]),
    program("epoll, C", [203, 28, 124, 7]),
    program("libuv, C", [161, 14, 46, 5]),
    program("callbacks, JavaScript", [56, 3, 24, 8]),
    program("promises, JavaScript", [60, 2, 8, 4]),
    program("await, JavaScript", [59, 3, 9, 4]),
];

/// The heads of their table.
pub const HEADS: [&str; 5] = ["the series' own", "lines", "worst cyclomatic", "complexity", "nesting"];

/// The cells of a program, in the order of the heads.
pub fn cells(program: &Program) -> [String; 5] {
    let Program { name, lines, worst_cyclomatic, complexity, nesting } = program;
    [
        (*name).to_owned(),
        lines.to_string(),
        worst_cyclomatic.to_string(),
        complexity.to_string(),
        nesting.to_string(),
    ]
}

/// Their table in Markdown.
pub fn markdown() -> String {
    let rows = PROGRAMS.iter().map(|program| line(cells(program)));
    header(HEADS.map(str::to_owned)) + &rows.collect::<String>()
}
