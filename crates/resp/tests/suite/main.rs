//! The codec from outside: against a specification, cut anywhere, and its limits.

mod cuts;
mod limits;
mod round_trips;
mod specification;

use resp::{CommandDecoder, CommandError, Reply, ReplyDecoder, ReplyError};

/// What a decoder makes of the pieces of a stream, one after the other.
fn replies<'piece>(
    pieces: impl IntoIterator<Item = &'piece [u8]>,
    most: usize,
) -> (Vec<Reply>, Option<ReplyError>) {
    let mut decoder = ReplyDecoder::new(most);
    let decode = |input: &mut &[u8]| decoder.decode(input);
    all(pieces, decode)
}

fn commands<'piece>(
    pieces: impl IntoIterator<Item = &'piece [u8]>,
    most: usize,
) -> (Vec<Vec<Vec<u8>>>, Option<CommandError>) {
    let mut decoder = CommandDecoder::new(most);
    all(pieces, |input| decoder.decode(input))
}

fn all<'piece, T, E>(
    pieces: impl IntoIterator<Item = &'piece [u8]>,
    mut decode: impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
) -> (Vec<T>, Option<E>) {
    let mut found = Vec::new();
    for mut piece in pieces {
        loop {
            match decode(&mut piece) {
                Ok(Some(value)) => found.push(value),
                Ok(None) => break assert!(piece.is_empty(), "what is not complete is taken whole"),
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}
