//! `threads`: what idle threads, coroutines and tasks cost, measured for some thousands.

use std::process::{Command, Output};

use serde_json::Value;

/// So many that what the process has freed before, and uses again, does not matter.
const COUNT: i64 = 2_000;
const PAGE: i64 = 4 << 10;
/// A thread's stack by the standard library.
const THREAD_STACK: i64 = 2 << 20;

fn threads(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_concurrent-servers")).arg("threads").args(arguments).output().unwrap()
}

#[test]
fn a_thread_has_a_large_stack_a_coroutine_a_page_of_one_and_a_task_none() {
    let output = threads(&[&COUNT.to_string(), "--json"]);
    assert!(output.status.success(), "{output:?}");
    let costs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let kinds: Vec<&str> = costs.iter().map(|cost| cost["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thread", "coroutine", "task"]);
    for cost in &costs {
        assert_eq!(cost["count"], COUNT, "{cost}");
        for time in ["start_ns", "start_cpu_ns", "idle_ns"] {
            assert!(cost[time].as_u64().unwrap() > 0, "{time}: {cost}");
        }
    }
    let each = |kind: usize, figure: &str| costs[kind][figure].as_i64().unwrap() / COUNT;
    let (thread, coroutine, task) = (0, 1, 2);
    assert!(each(thread, "address_space_bytes") >= THREAD_STACK, "{costs:?}");
    assert!(each(coroutine, "address_space_bytes") >= 16 * PAGE, "{costs:?}");
    assert!(each(task, "address_space_bytes") < 2 * PAGE, "{costs:?}");
    assert!(each(thread, "resident_bytes") >= PAGE, "{costs:?}");
    assert!((PAGE..3 * PAGE).contains(&each(coroutine, "resident_bytes")), "{costs:?}");
    assert!((64..PAGE / 2).contains(&each(task, "resident_bytes")), "{costs:?}");
}

#[test]
fn the_table_has_a_row_for_each_kind_and_says_what_is_measured() {
    let output = threads(&["50"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for words in ["50 idle of each kind", "\n thread ", "\n coroutine ", "\n task ", "kernel memory:"] {
        assert!(text.contains(words), "no {words:?} in:\n{text}");
    }
}
