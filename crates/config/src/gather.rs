//! The macro that reads every field of a section before it gives up on the section.

/// `gather!(section, Type { field: reading, … })`: evaluates every reading, in the order written,
/// and only then leaves the function with the first [`Reported`](crate::notes::Reported) among
/// them.
///
/// Written with `?` after each reading, a section would tell its first problem and hide the others.
/// A reading may use the results before it by the names of their fields.
// One way out for all failures: a `?` for each field would be a way out each, which drops all
// fields before it, and together a tenth of the module.
macro_rules! gather {
    ($section:expr, $type:ident { $($field:ident: $reading:expr),+ $(,)? }) => {{
        $(let $field = $reading;)+
        let names = $section.names();
        match (names, $($field),+) {
            (Ok(()), $(Ok($field)),+) => Ok($type { $($field),+ }),
            (names, $($field),+) => {
                let first = names.err()$(.or($field.err()))+;
                Err(first.unwrap_or_else(|| $section.problem("", &["cannot be read"])))
            }
        }
    }};
}
