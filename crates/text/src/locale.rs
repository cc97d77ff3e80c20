//! The locale: which characters can be shown.

use std::env;
use std::ffi::OsString;

/// Whether the locale's characters are Unicode, in UTF-8. It counts as such if no variable says otherwise, since that is
/// what terminals take today.
pub fn is_unicode() -> bool {
    // In this order POSIX looks for the locale of characters; an empty variable counts as unset.
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].map(env::var_os);
    variables.into_iter().flatten().find(|value| !value.is_empty()).is_none_or(|locale| names_utf8(&locale))
}

fn names_utf8(locale: &OsString) -> bool {
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    ["utf-8", "utf8"].iter().any(|name| locale.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_its_encoding() {
        for (locale, is_utf8) in [
            ("C.UTF-8", true),
            ("de_DE.utf8", true),
            ("en_US.UTF-8@euro", true),
            ("C", false),
            ("POSIX", false),
            ("en_US.ISO-8859-1", false),
        ] {
            assert_eq!(names_utf8(&locale.into()), is_utf8, "{locale}");
        }
    }
}
