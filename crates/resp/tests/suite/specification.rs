//! RESP2 once more, as plainly as it can be said: a whole stream in, what it means out. It shares no code with the
//! decoders, knows no pieces, and looks at each byte as often as it likes. The fuzzer compares with it, too.

use resp::{CommandError, MOST_DEPTH, MOST_IN_A_LINE, Reply, ReplyError};

/// What a stream holds, and why nothing follows: `None` if it ends between two, or within one.
pub(crate) type Meaning<T, E> = (Vec<T>, Option<E>);

enum Stop<E> {
    /// More bytes might complete it.
    Short,
    Wrong(E),
}

/// The replies in a stream, each at most this large.
pub(crate) fn replies(stream: &[u8], most: usize) -> Meaning<Reply, ReplyError> {
    all(stream, |rest| {
        let mut left = most;
        reply(rest, &mut left, 0)
    })
}

/// The commands in a stream, each at most this large.
pub(crate) fn commands(stream: &[u8], most: usize) -> Meaning<Vec<Vec<u8>>, CommandError> {
    let (commands, error) = all(stream, |rest| command(rest, most));
    (commands.into_iter().filter(|words| !words.is_empty()).collect(), error)
}

fn all<T, E>(stream: &[u8], one: impl Fn(&[u8]) -> Result<(T, usize), Stop<E>>) -> Meaning<T, E> {
    let (mut found, mut at) = (Vec::new(), 0);
    loop {
        match one(&stream[at..]) {
            Ok((value, length)) => {
                found.push(value);
                at += length;
            }
            Err(Stop::Short) => return (found, None),
            Err(Stop::Wrong(error)) => return (found, Some(error)),
        }
    }
}

fn reply(stream: &[u8], left: &mut usize, depth: usize) -> Result<(Reply, usize), Stop<ReplyError>> {
    let Some(&kind) = stream.first() else { return Err(Stop::Short) };
    if !b"+-:$*".contains(&kind) {
        return Err(Stop::Wrong(ReplyError::Kind(kind)));
    }
    let mut pay = |cost: usize| {
        *left = left.checked_sub(cost).ok_or(Stop::Wrong(ReplyError::Long))?;
        Ok(())
    };
    pay(size_of::<Reply>())?;
    let line = line(&stream[1..], *left, ReplyError::Long, ReplyError::End)?;
    let mut used = 1 + line.len() + 2;
    if kind == b'+' || kind == b'-' {
        *left -= line.len();
        return Ok((if kind == b'+' { Reply::Simple(line) } else { Reply::Error(line) }, used));
    }
    let number = integer(&line).ok_or(Stop::Wrong(ReplyError::Number))?;
    let value = match (kind, number) {
        (b':', _) => Reply::Integer(number),
        (b'$', -1) => Reply::Nil,
        (_, -1) => Reply::NilArray,
        (_, ..-1) => return Err(Stop::Wrong(ReplyError::Number)),
        (b'$', _) => {
            let length = usize::try_from(number).map_err(|_| Stop::Wrong(ReplyError::Long))?;
            *left = left.checked_sub(length).ok_or(Stop::Wrong(ReplyError::Long))?;
            used += length + 2;
            Reply::Bulk(bulk(&stream[used - length - 2..], length, ReplyError::End)?)
        }
        _ => {
            let length = usize::try_from(number).map_err(|_| Stop::Wrong(ReplyError::Long))?;
            if length > 0 && depth == MOST_DEPTH {
                return Err(Stop::Wrong(ReplyError::Deep));
            }
            if length.checked_mul(size_of::<Reply>()).is_none_or(|cost| cost > *left) {
                return Err(Stop::Wrong(ReplyError::Long));
            }
            let mut values = Vec::new();
            for _ in 0..length {
                let (value, length) = reply(&stream[used..], left, depth + 1)?;
                values.push(value);
                used += length;
            }
            Reply::Array(values)
        }
    };
    Ok((value, used))
}

/// The words of a command, perhaps none.
fn command(stream: &[u8], most: usize) -> Result<(Vec<Vec<u8>>, usize), Stop<CommandError>> {
    match stream.first() {
        None => return Err(Stop::Short),
        Some(b'*') => {}
        Some(_) => return typed(stream),
    }
    let count = line(&stream[1..], MOST_IN_A_LINE, CommandError::LongCount, CommandError::End)?;
    let mut used = 1 + count.len() + 2;
    let count = integer(&count).ok_or(Stop::Wrong(CommandError::Count))?;
    let Some(count) = usize::try_from(count).ok().filter(|count| *count > 0) else {
        return Ok((Vec::new(), used));
    };
    let cost = count.checked_mul(size_of::<Vec<u8>>());
    let left = cost.and_then(|cost| most.checked_sub(cost));
    let mut left = left.ok_or(Stop::Wrong(CommandError::Count))?;
    let mut words = Vec::new();
    for _ in 0..count {
        match stream.get(used) {
            None => return Err(Stop::Short),
            Some(b'$') => {}
            Some(&other) => return Err(Stop::Wrong(CommandError::Kind(other))),
        }
        // The `$` counts as a byte of this line.
        let length = line(&stream[used..], MOST_IN_A_LINE, CommandError::LongLength, CommandError::End)?;
        used += length.len() + 2;
        let length = integer(&length[1..]).and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length <= left).ok_or(Stop::Wrong(CommandError::Length))?;
        left -= length;
        words.push(bulk(&stream[used..], length, CommandError::End)?);
        used += length + 2;
    }
    Ok((words, used))
}

fn typed(stream: &[u8]) -> Result<(Vec<Vec<u8>>, usize), Stop<CommandError>> {
    let end = stream.iter().position(|byte| *byte == b'\n');
    if end.unwrap_or(stream.len()) > MOST_IN_A_LINE {
        return Err(Stop::Wrong(CommandError::LongInline));
    }
    let end = end.ok_or(Stop::Short)?;
    let line = stream[..end].strip_suffix(b"\r").unwrap_or(&stream[..end]);
    let line = line.iter().position(|byte| *byte == 0).map_or(line, |nul| &line[..nul]);
    Ok((words(line).ok_or(Stop::Wrong(CommandError::Quotes))?, end + 1))
}

/// A machine that is handed one byte after the other.
fn words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | 11 | 12 | b'\r');
    let (mut words, mut word, mut quote) = (Vec::new(), None::<Vec<u8>>, None);
    let mut at = 0;
    while at < line.len() {
        let byte = line[at];
        at += 1;
        let Some(mark) = quote else {
            if is_space(byte) {
                words.extend(word.take());
            } else if byte == b'"' || byte == b'\'' {
                word.get_or_insert_default();
                quote = Some(byte);
            } else {
                word.get_or_insert_default().push(byte);
            }
            continue;
        };
        let word = word.as_mut()?;
        if byte == mark {
            if line.get(at).is_some_and(|next| !is_space(*next)) {
                return None;
            }
            quote = None;
        } else if byte == b'\\' && mark == b'\'' && line.get(at) == Some(&b'\'') {
            word.push(b'\'');
            at += 1;
        } else if byte == b'\\' && mark == b'"' && at < line.len() {
            let digits = line.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            if let (b'x', Some(digits)) = (line[at], digits) {
                word.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                at += 3;
            } else {
                let from = b"nrtba";
                let to = b"\n\r\t\x08\x07";
                let known = from.iter().position(|letter| *letter == line[at]);
                word.push(known.map_or(line[at], |index| to[index]));
                at += 1;
            }
        } else {
            word.push(byte);
        }
    }
    if quote.is_some() {
        return None;
    }
    words.extend(word);
    Some(words)
}

fn line<E>(stream: &[u8], most: usize, long: E, end: fn(u8) -> E) -> Result<Vec<u8>, Stop<E>> {
    let length = stream.iter().take_while(|byte| **byte != b'\r' && **byte != b'\n').count();
    if length > most {
        return Err(Stop::Wrong(long));
    }
    match stream[length..] {
        [] | [b'\r'] => Err(Stop::Short),
        [b'\r', b'\n', ..] => Ok(stream[..length].to_vec()),
        [b'\r', other, ..] | [other, ..] => Err(Stop::Wrong(end(other))),
    }
}

fn bulk<E>(stream: &[u8], length: usize, end: fn(u8) -> E) -> Result<Vec<u8>, Stop<E>> {
    let Some((value, rest)) = stream.split_at_checked(length) else { return Err(Stop::Short) };
    match *rest {
        [] | [b'\r'] => Err(Stop::Short),
        [b'\r', b'\n', ..] => Ok(value.to_vec()),
        [b'\r', other, ..] | [other, ..] => Err(Stop::Wrong(end(other))),
    }
}

/// A number is what is written as it reads.
fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}
