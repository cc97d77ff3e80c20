//! The scripts that complete what a user has begun to type, in the shell itself.

use std::process::Command;

use concurrent_servers::models;

const PROGRAM: &str = env!("CARGO_BIN_EXE_concurrent-servers");

/// What bash offers for the last of these words. The first is the program's.
const IN_BASH: &str = r#"
source <("$0" completions bash)
words=("$@")
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
_concurrent__servers "${words[0]}" "${words[COMP_CWORD]}" "${words[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

fn offered_by_bash(words: &[&str]) -> Vec<String> {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", IN_BASH, PROGRAM, "concurrent-servers"]).args(words);
    let output = bash.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_behind_a_verb() {
    if let Err(error) = Command::new("bash").arg("--version").output() {
        assert!(std::env::var_os("NO_SKIP").is_none(), "NO_SKIP is set, and this would be skipped: {error}");
        return println!("skipped: bash cannot be started: {error}");
    }
    assert_eq!(offered_by_bash(&["th"]), ["threads"]);
    assert_eq!(offered_by_bash(&["serve", "tokio", "--runtime", "p"]), ["per-core"]);
    for verb in ["serve", "check", "timeline", "faults", "soak", "compare"] {
        let offered = offered_by_bash(&[verb, ""]);
        let missing = models::names_of_both().find(|name| !offered.iter().any(|word| word == name));
        assert_eq!(missing, None, "behind {verb} bash offers {offered:?}");
    }
}

#[test]
fn fish_is_told_the_models_behind_each_verb() {
    let output = Command::new(PROGRAM).args(["completions", "fish"]).output().unwrap();
    let script = String::from_utf8(output.stdout).unwrap();
    let names = models::names_of_both().collect::<Vec<_>>().join(" ");
    for verb in ["serve", "check", "timeline", "faults", "soak", "compare"] {
        let condition = format!("\"__fish_concurrent_servers_using_subcommand {verb}\" -f -a \"{names}");
        assert!(script.lines().any(|line| line.contains(&condition)), "{verb}: {script}");
    }
}
