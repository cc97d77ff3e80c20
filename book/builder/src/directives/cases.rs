//! `{{#cases ID…}}`: what cases of the catalogue require.

use anyhow::{Context, Result, ensure};

use super::Page;
use crate::outputs::Recording;
use crate::words;

/// Cases by their ids.
#[derive(Debug)]
pub(crate) struct Cases {
    ids: Vec<String>,
}

pub(super) fn recording() -> Recording {
    Recording::exact(vec!["check".to_owned(), "--list".to_owned()])
}

impl Cases {
    pub(super) fn parse(text: &str) -> Result<Cases> {
        let ids = words::split(text)?;
        ensure!(!ids.is_empty(), "name the cases: {{{{#cases ID…}}}}");
        Ok(Cases { ids })
    }

    pub(super) fn markdown(&self, page: &mut Page<'_>) -> Result<String> {
        let list = page.recorded(&recording())?;
        let rows = self.ids.iter().map(|id| {
            let title = title(&list, id);
            let title = if page.is_draft { title.or(Some("missing")) } else { title };
            let title = title.with_context(|| format!("`check --list` has no case {id}"))?;
            Ok(format!("| {id} | {} |\n", title.replace('|', "\\|")))
        });
        Ok(format!("| case | what is required |\n| --- | --- |\n{}", rows.collect::<Result<String>>()?))
    }
}

/// The last column of a case's row.
fn title<'list>(list: &'list str, id: &str) -> Option<&'list str> {
    let head = list.lines().next()?;
    let column = head.find("what is required")?;
    let row = list.lines().find(|line| line.split(' ').next() == Some(id))?;
    Some(row.get(column..)?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_found_by_its_column() {
        let list = "id   needs       what is required\n\nA: some\nA1   idle        a thing | more\nA10  address     all\n";
        assert_eq!(title(list, "A1"), Some("a thing | more"));
        assert_eq!(title(list, "A10"), Some("all"));
        assert_eq!(title(list, "A"), None);
    }
}
