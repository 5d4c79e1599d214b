//! Settings that are one of a few words: each an enum, and the table of its words in one place.

/// An enum whose variants a configuration names by words.
pub(crate) trait Word: Copy + 'static {
    /// Every word with its variant; made by the macro `words`.
    const TABLE: &'static [(&'static str, Self)];

    /// The words alone, in the same order.
    const WORDS: &'static [&'static str];

    /// The variant that `text` names. Letter case counts.
    fn from_word(text: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(word, _)| *word == text).map(|(_, variant)| *variant)
    }

    /// The word that names this variant.
    fn word(self) -> &'static str;
}

/// Declares an enum with the word of every variant, so that there is none without the other.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $crate::words::Word for $name {
            const TABLE: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}
