//! The macro that reads every field of a section before it gives up on the section.

/// `gather!(section, Type { field: reading, … })`: evaluates every reading, in the order written,
/// and only then leaves the function with the first [`Reported`](crate::notes::Reported) among
/// them.
///
/// Written with `?` after each reading, a section would tell its first problem and hide the others.
/// A reading may use the results before it by the names of their fields. `one + two: reading` takes
/// two fields out of a reading that gives a pair.
// One way out for all failures: a `?` for each field would be a way out each, which drops all
// fields before it, and together a tenth of the module.
macro_rules! gather {
    (
        $section:expr,
        $type:ident { $($field:ident $(+ $second:ident)?: $reading:expr),+ $(,)? }
    ) => {{
        $(
            let $field = $reading;
            $(let ($field, $second) = $crate::notes::both($field);)?
        )+
        let names = $section.names();
        match (names, $($field $(, $second)?),+) {
            (Ok(()), $(Ok($field) $(, Ok($second))?),+) => Ok($type { $($field $(, $second)?),+ }),
            (names, $($field $(, $second)?),+) => {
                let first = names.err()$(.or($field.err())$(.or($second.err()))?)+;
                Err(first.unwrap_or_else(|| $section.problem("", &["cannot be read"])))
            }
        }
    }};
}
