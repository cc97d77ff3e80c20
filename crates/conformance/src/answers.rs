//! What a server of the prime service must answer, in the most obvious form.

/// The answers to these lines. A last one without its newline is answered only if the stream has ended. The numbers
/// should be small: all smaller ones up to the square root are tried.
///
/// ```
/// assert_eq!(conformance::prime_answers(b"7\n9\n+7\n1", false), b"prime\ncomposite\nerror\n");
/// ```
pub fn prime_answers(lines: &[u8], has_ended: bool) -> Vec<u8> {
    let lines = lines.split_inclusive(|&byte| byte == b'\n');
    let complete = lines.filter(|line| has_ended || line.ends_with(b"\n"));
    complete.flat_map(|line| answer(line).bytes()).collect()
}

fn answer(line: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(line);
    let digits = text.strip_suffix('\n').unwrap_or(&text);
    match digits.strip_suffix('\r').unwrap_or(digits).parse() {
        Ok(number) if !digits.starts_with('+') && digits.len() <= 20 => answer_to(number),
        _ => "error\n",
    }
}

/// The answer to a small number.
pub(crate) fn answer_to(number: u64) -> &'static str {
    let is_prime = number > 1 && !(2..=number.isqrt()).any(|divisor| number.is_multiple_of(divisor));
    if is_prime { "prime\n" } else { "composite\n" }
}
