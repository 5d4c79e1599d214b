//! The plural by which Usergrid knows a collection.
//!
//! Its `Inflector` has these rules, after those of early Ruby on Rails; the first that fits counts.

/// Whole words. Most have no plural of their own.
const WORDS: &[(&str, &str)] = &[
    ("analytics", "analytics"),
    ("data", "data"),
    ("equipment", "equipment"),
    ("fe", "fes"),
    ("fish", "fish"),
    ("information", "information"),
    ("money", "money"),
    ("ox", "oxen"),
    ("rice", "rice"),
    ("series", "series"),
    ("sheep", "sheep"),
    ("species", "species"),
    ("y", "ys"),
];

/// What turns into its plural wherever it stands in a word.
const PARTS: &[(&str, &str)] =
    &[("matrix", "matrices"), ("vertix", "vertices"), ("indix", "indices")];

/// Endings, in their order.
const ENDINGS: &[(&str, &str)] = &[
    // Irregular.
    ("stadium", "stadiums"),
    ("move", "moves"),
    ("sex", "sexes"),
    ("child", "children"),
    ("man", "men"),
    ("person", "people"),
    // Plurals already.
    ("oxen", "oxen"),
    ("octopi", "octopi"),
    ("viri", "viri"),
    ("people", "people"),
    ("men", "men"),
    ("children", "children"),
    ("mice", "mice"),
    ("lice", "lice"),
    // By rules.
    ("quiz", "quizzes"),
    ("mouse", "mice"),
    ("louse", "lice"),
    ("ex", "ices"),
    ("x", "xes"),
    ("ch", "ches"),
    ("ss", "sses"),
    ("sh", "shes"),
    ("quy", "quies"),
    ("ay", "ays"),
    ("ey", "eys"),
    ("iy", "iys"),
    ("oy", "oys"),
    ("uy", "uys"),
    ("yy", "yys"),
    ("y", "ies"),
    ("ffe", "ffes"),
    ("fe", "ves"),
    ("lf", "lves"),
    ("rf", "rves"),
    ("sis", "ses"),
    ("ta", "ta"),
    ("ia", "ia"),
    ("tum", "ta"),
    ("ium", "ia"),
    ("buffalo", "buffaloes"),
    ("tomato", "tomatoes"),
    ("bus", "buses"),
    ("alias", "aliases"),
    ("status", "statuses"),
    ("octopus", "octopi"),
    ("virus", "viri"),
    ("axis", "axes"),
    ("testis", "testes"),
    ("s", "s"),
];

/// The plural of `collection`, unless it is one. Letter case is nobody's concern here.
pub(super) fn plural(collection: &str) -> Option<String> {
    if collection.is_empty() {
        return None;
    }
    if let Some((_, plural)) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(collection))
    {
        return (!plural.eq_ignore_ascii_case(collection)).then(|| (*plural).to_owned());
    }
    if collection.contains(['x', 'X']) {
        let lower = collection.to_ascii_lowercase();
        let replace = |word: String, (part, plural): &(&str, &str)| word.replace(part, plural);
        let replaced = PARTS.iter().fold(lower.clone(), replace);
        if replaced != lower {
            return Some(replaced);
        }
    }
    for (ending, instead) in ENDINGS {
        if let Some(stem) = without_ending(collection, ending) {
            return (ending != instead).then(|| [stem, instead].concat());
        }
    }
    Some([collection, "s"].concat())
}

/// What stands before `ending`, whatever its letter case.
fn without_ending<'a>(word: &'a str, ending: &str) -> Option<&'a str> {
    let (stem, last) = word.split_at_checked(word.len().checked_sub(ending.len())?)?;
    last.eq_ignore_ascii_case(ending).then_some(stem)
}
