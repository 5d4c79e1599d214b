//! The macro that reads every field of a section before it gives up on the section.

/// `gather!(section, Type { field: reading, … })`: evaluates every reading, in the order written,
/// and only then leaves the function with the first [`Reported`](crate::notes::Reported) among
/// them.
///
/// Written with `?` after each reading, a section would tell its first problem and hide the others.
/// A reading may use the results before it by the names of their fields.
macro_rules! gather {
    ($section:expr, $type:ident { $($field:ident: $reading:expr),+ $(,)? }) => {{
        $(let $field = $reading;)+
        $section.names()?;
        Ok($type { $($field: $field?),+ })
    }};
}
