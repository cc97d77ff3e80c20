//! The launcher's own help: its commands by what they are used for.

use clap::Command;
use clap::builder::StyledStr;
use text::terminal;

/// What commands are used for, and which ones. Every command has its place in one of them.
pub const GROUPS: [(&str, &[&str]); 5] = [
    ("Run", &["serve", "client", "cache"]),
    ("Learn", &["list", "diff", "timeline", "trace", "exercise"]),
    ("Judge", &["check", "faults", "soak", "audit", "scorecard"]),
    ("Measure", &["load", "compare", "merge", "threads", "record"]),
    ("This program", &["completions", "help"]),
];

/// No help is wider, as with clap.
const WIDEST: usize = 100;

/// The columns of the names, with the gaps around them.
const NAMES: usize = 15;

/// The command line with its commands in groups. Clap alone has one heading for all commands.
pub fn grouped(command: Command) -> Command {
    let width = terminal::columns().unwrap_or(WIDEST).min(WIDEST);
    let template = template(&command, width);
    command.help_template(StyledStr::from(template))
}

fn template(command: &Command, width: usize) -> String {
    // Only then it has the command `help`.
    let mut built = command.clone();
    built.build();
    let styles = command.get_styles();
    let (heading, literal) = (styles.get_header(), styles.get_literal());
    let row = |name: &&str| {
        let about = built.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
        let about = terminal::hang(&about.unwrap_or_default(), NAMES, width);
        let blank = " ".repeat(NAMES.saturating_sub(2 + name.len()));
        format!("  {literal}{name}{literal:#}{blank}{about}")
    };
    let group = |(title, names): &(&str, &[&str])| {
        format!("{heading}{title}:{heading:#}\n{}\n", names.iter().map(row).collect::<String>())
    };
    format!(
        "{{before-help}}{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{heading}Options:{heading:#}\n{{options}}{{after-help}}",
        GROUPS.iter().map(group).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command for each place.
    fn command() -> Command {
        let names = GROUPS.iter().flat_map(|(_, names)| names.iter()).filter(|name| **name != "help");
        let commands =
            names.map(|name| Command::new(*name).about("what it does, in a sentence of some length"));
        Command::new("launcher").about("a launcher").subcommands(commands)
    }

    #[test]
    fn each_command_stands_under_its_heading_with_what_it_does() {
        let help = grouped(command()).render_help().to_string();
        for (title, names) in GROUPS {
            let (_, group) = help.split_once(&format!("\n{title}:\n")).unwrap();
            let (group, _) = group.split_once("\n\n").unwrap();
            let rows: Vec<&str> = group.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
            assert_eq!(rows, names, "{help}");
        }
        assert!(help.contains("\n  serve        what it does, in a sentence of some length\n"), "{help}");
        assert!(help.contains("\nOptions:\n  -h, --help  Print help"), "{help}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 60, 80] {
            let text = anstream::adapter::strip_str(&template(&command(), width)).to_string();
            let rows = text.lines().filter(|line| line.starts_with("  "));
            assert!(
                rows.clone().count() > 16 && rows.clone().all(|row| row.chars().count() <= width),
                "{text}"
            );
        }
    }
}
