//! The launcher: every model, client and measurement by name.

fn main() {}
