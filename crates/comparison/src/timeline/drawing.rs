//! What can be made of a timeline, whatever it is about.

use anyhow::Result;

use super::terminal;

/// A timeline that has been played, to be shown.
pub trait Drawing {
    /// As text with this many columns, in Unicode.
    fn rows(&self, columns: usize) -> String;

    /// As a picture.
    fn svg(&self) -> String;

    /// What is drawn of the clients, as JSON.
    ///
    /// # Errors
    /// None is known: the data has nothing that JSON has not.
    fn json(&self) -> Result<String>;

    /// Whether every client got the right reply.
    fn is_right(&self) -> bool;

    /// As text with this many columns, in Unicode or in ASCII alone.
    fn text(&self, columns: usize, is_unicode: bool) -> String {
        let text = self.rows(columns);
        if is_unicode { text } else { terminal::in_ascii(&text) }
    }
}
