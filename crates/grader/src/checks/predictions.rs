//! Whether the replies to given reads are predicted.

use std::time::Duration;

use protocol::Session;
use text::escapes::Buffer;

use crate::exercise::Subject;
use crate::program::{Output, printed};

const WITHIN: Duration = Duration::from_secs(10);

/// Of the wrong ones, so many are named.
const NAMED: usize = 3;

/// One read, and what was predicted for it.
struct Prediction {
    place: String,
    read: String,
    predicted: Option<String>,
    right: Vec<u8>,
}

pub(crate) fn are_complete(subject: &Subject<'_>) -> Result<(), String> {
    let predictions = predictions(subject)?;
    let missing: Vec<&Prediction> = predictions.iter().filter(|read| read.predicted.is_none()).collect();
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "{} of {} reads have no prediction; the first one is {}: `{}`",
            missing.len(),
            predictions.len(),
            first.place,
            first.read
        )),
    }
}

pub(crate) fn are_right(subject: &Subject<'_>) -> Result<(), String> {
    let predictions = predictions(subject)?;
    let wrong: Vec<String> = predictions.iter().filter_map(Prediction::mistake).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let named = &wrong[..wrong.len().min(NAMED)];
    let right = predictions.len() - wrong.len();
    Err(format!("{right} of {} are right; not so:\n  {}", predictions.len(), named.join("\n  ")))
}

impl Prediction {
    /// What is wrong with it, without the right reply.
    fn mistake(&self) -> Option<String> {
        let Some(predicted) = &self.predicted else { return Some(format!("{}: no prediction", self.place)) };
        let bytes = if predicted == "-" {
            Ok(Vec::new())
        } else {
            predicted.parse().map(|buffer: Buffer| buffer.bytes)
        };
        match bytes {
            Ok(bytes) if bytes == self.right => None,
            Ok(_) => Some(format!("{}: `{}` does not get `{predicted}`", self.place, self.read)),
            Err(error) => Some(format!("{}: `{predicted}` cannot be read: {error}", self.place)),
        }
    }
}

/// What the program has read on the sheet, which must ask for what was given out.
fn predictions(subject: &Subject<'_>) -> Result<Vec<Prediction>, String> {
    let Output { stdout, .. } = printed(subject, &[], WITHIN)?;
    let mut lines = stdout.lines();
    let mut all = Vec::new();
    for (connection, reads) in (1..).zip(subject.needs.questions) {
        let mut session = Session::new();
        for (read, bytes) in (1..).zip(reads) {
            let mut right = Vec::new();
            session.append_reply(bytes, &mut right);
            let (place, shown) = (format!("{connection}.{read}"), Buffer::from(bytes.clone()).to_string());
            let words: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
            if words.get(..2) != Some(&[place.as_str(), shown.as_str()]) {
                let found = words.get(..2).map_or("nothing".to_owned(), |words| words.join(" "));
                return Err(format!("the sheet has {found} where {place} {shown} must stand: put it back"));
            }
            let predicted = words.get(2).map(|&word| word.to_owned());
            all.push(Prediction { place, read: shown, predicted, right });
        }
    }
    Ok(all)
}
